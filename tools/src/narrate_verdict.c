/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a story: who heard whom, what stood in between, and what each core concluded.
 */
#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "narrate.h"

static double seconds(punch_time_us us) {
    return (double)us / 1e6;
}

/* What a core's conclusion means, as far as that core can know. */
static const char *fail_text(punch_fail fail) {
    switch (fail) {
    case PUNCH_FAIL_UNAVAILABLE:
        return "the broker knows nobody of that key who accepts that token";
    case PUNCH_FAIL_REFUSED:
        return "the callee said no";
    case PUNCH_FAIL_NOT_ANSWERED:
        return "it rang, and nobody accepted";
    case PUNCH_FAIL_BROKER_LOST:
        return "the broker did not answer";
    case PUNCH_FAIL_NO_ANSWER:
        return "it punched and heard nothing";
    case PUNCH_FAIL_ONE_WAY:
        return "it heard the other side, which never acknowledged";
    case PUNCH_FAIL_DEAD:
        return "it was connected, then nobody answered any more";
    case PUNCH_FAIL_BYE:
        return "the other side hung up";
    case PUNCH_FAIL_HUNG_UP:
        return "it hung up itself";
    case PUNCH_FAIL_NONE:
        break;
    }
    return "nothing";
}

/* The inbound-first collision at the NAT of one side's site, where there was one. */
static void tell_collision(const reason_names *names, const sim_call_result *call, int side,
                           FILE *out) {
    if (call->port_dodged_to[side] == 0) {
        return;
    }
    const char *self = reason_host(names, side);
    const char *other = reason_host(names, 1 - side);
    fprintf(out,
            " %s's early packet took port %u at %s's NAT before %s had sent to %s; %s's "
            "punch left from %u, where %s does not expect it.",
            other, call->port_taken[side], self, self, other, self, call->port_dodged_to[side],
            other);
}

/* What it was that lost packets elsewhere than on a link. */
static const char *const loss_texts[SIM_LOSS_COUNT] = {
    [SIM_LOSS_TTL] = "ran out of TTL",
    [SIM_LOSS_ISOLATED] = "stopped where a site keeps its hosts apart",
    [SIM_LOSS_HOST] = "met a host that was down",
    [SIM_LOSS_NOWHERE] = "addressed to nobody",
};
static const char *const loss_names[SIM_LOSS_COUNT] = {
    [SIM_LOSS_TTL] = "lost_ttl",
    [SIM_LOSS_ISOLATED] = "lost_isolated",
    [SIM_LOSS_HOST] = "lost_host",
    [SIM_LOSS_NOWHERE] = "nowhere",
};

/* "3 of a's packets to the broker ran out of TTL." */
static void tell_elsewhere(const uint32_t lost[SIM_LOSS_COUNT], const char *whose, FILE *out) {
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        if (lost[why] > 0) {
            const bool is_passive = why == SIM_LOSS_ISOLATED || why == SIM_LOSS_NOWHERE;
            fprintf(out, " %" PRIu32 " of %s %s%s.", lost[why], whose,
                    !is_passive      ? ""
                    : lost[why] == 1 ? "was "
                                     : "were ",
                    loss_texts[why]);
        }
    }
}

/* What became of the packets towards one side. */
static void tell_direction(const reason_names *names, const sim_call_result *call, int side,
                           FILE *out) {
    const char *to = reason_host(names, side);
    const char *from = reason_host(names, 1 - side);
    if (call->arrived[side] > 0) {
        fprintf(out, " %s heard %s (%" PRIu32 " packet%s arrived).", to, from, call->arrived[side],
                call->arrived[side] == 1 ? "" : "s");
    } else {
        fprintf(out, " %s never heard %s.", to, from);
    }
    if (call->blocked[side] > 0) {
        const nat_verdict verdict = call->blocked_verdict[side];
        fprintf(out,
                " The NAT of %s dropped %" PRIu32
                " of %s's packets, the last one because: %s "
                "(%s).",
                reason_site(names, call->blocked_site[side]), call->blocked[side], from,
                nat_verdict_text(verdict), nat_verdict_name(verdict));
    }
    if (call->lost_link[side] > 0) {
        fprintf(out, " %" PRIu32 " of %s's packets %s lost on links.", call->lost_link[side], from,
                call->lost_link[side] == 1 ? "was" : "were");
    }
    char whose[FORMAT_TEXT_CAP];
    snprintf(whose, sizeof whose, "%s's packets", from);
    tell_elsewhere(call->lost_elsewhere[side], whose, out);
}

/* One way between a side and its broker. */
static void tell_broker_way(const reason_names *names, const sim_broker_way *way, const char *whose,
                            FILE *out) {
    if (way->blocked > 0) {
        fprintf(out, " The NAT of %s dropped %" PRIu32 " of %s, the last one because: %s (%s).",
                reason_site(names, way->site), way->blocked, whose, nat_verdict_text(way->verdict),
                nat_verdict_name(way->verdict));
    }
    if (way->lost_link > 0) {
        fprintf(out, " %" PRIu32 " of %s %s lost on links.", way->lost_link, whose,
                way->lost_link == 1 ? "was" : "were");
    }
    tell_elsewhere(way->lost_elsewhere, whose, out);
}

/* What stood between a side and its broker: only of those that did not connect. */
static void tell_broker(const reason_names *names, const sim_call_result *call, int side,
                        FILE *out) {
    char whose[FORMAT_TEXT_CAP];
    const char *host = reason_host(names, side);
    snprintf(whose, sizeof whose, "%s's packets to the broker", host);
    tell_broker_way(names, &call->to_broker[side], whose, out);
    snprintf(whose, sizeof whose, "the broker's packets to %s", host);
    tell_broker_way(names, &call->from_broker[side], whose, out);
    if (call->broker_arrived[side] == 0) {
        fprintf(out, " %s never heard the broker.", host);
    }
}

static void tell_fire(const reason_names *names, const sim_call_result *call, FILE *out) {
    if (call->fired_at_us[0] == PUNCH_NEVER || call->fired_at_us[1] == PUNCH_NEVER) {
        for (int side = 0; side < 2; side++) {
            if (call->fired_at_us[side] == PUNCH_NEVER) {
                fprintf(out, " %s never fired.", reason_host(names, side));
            }
        }
        return;
    }
    const punch_time_us apart_us = call->fired_at_us[1] - call->fired_at_us[0];
    fprintf(out, " They fired %.3f ms apart, %s first.",
            (double)(apart_us < 0 ? -apart_us : apart_us) / 1e3,
            reason_host(names, apart_us < 0 ? 1 : 0));
}

static void tell_call(const narrator *teller, const sim_call_result *call, uint32_t index) {
    const reason_names names = reason_names_of(teller->plan, index);
    const char *caller = reason_host(&names, 0);
    const char *callee = reason_host(&names, 1);
    FILE *out = teller->out;
    if (call->connected) {
        fprintf(out, "\nVERDICT: %s and %s connected %.6f s after the call was meant to begin%s.",
                caller, callee, seconds(call->time_to_connect_us),
                call->path_private ? ", on a private path" : "");
    } else {
        fprintf(out, "\nVERDICT: %s and %s did not connect.", caller, callee);
    }
    tell_fire(&names, call, out);
    fprintf(out, " %s sent %" PRIu32 " INTRO%s, %s %" PRIu32 ".", caller, call->intros_sent[0],
            call->intros_sent[0] == 1 ? "" : "s", callee, call->intros_sent[1]);
    tell_collision(&names, call, 1, out);
    tell_collision(&names, call, 0, out);
    tell_direction(&names, call, 1, out);
    tell_direction(&names, call, 0, out);
    if (!call->connected) {
        tell_broker(&names, call, 0, out);
        tell_broker(&names, call, 1, out);
    }
    for (int side = 0; side < 2; side++) {
        if (call->fail[side] != PUNCH_FAIL_NONE) {
            fprintf(out, " %s concluded: %s (%s).", reason_host(&names, side),
                    punch_fail_name(call->fail[side]), fail_text(call->fail[side]));
        }
    }
    if (call->lost_after) {
        fputs(" The connection was lost again before the end.", out);
    }
    if (!call->connected) {
        char text[REASON_TEXT_CAP];
        fprintf(out, " In short: %s.", reason_of_call(&names, call, text));
    }
    fputc('\n', out);
}

/* Whether anybody else is behind these NATs. */
static bool has_others(const sim_plan *plan) {
    for (uint32_t i = 0; i < plan->site_count; i++) {
        if (plan->sites[i].cross.rate_milli > 0) {
            return true;
        }
    }
    return false;
}

/* What became of all packets: the numbers add up. */
static void tell_totals(const sim_trial_result *result, FILE *out) {
    if (result->packets_copied > 0) {
        fprintf(out, " and %" PRIu64 " copied by links", result->packets_copied);
    }
    fprintf(out, ", %" PRIu64 " delivered, %" PRIu64 " lost on links, %" PRIu64 " refused by NATs",
            result->packets_delivered, result->packets_lost_link, result->packets_blocked);
    const char *before = " (";
    for (int verdict = 0; verdict < NAT_VERDICT_COUNT; verdict++) {
        if (result->verdicts[verdict] > 0) {
            fprintf(out, "%s%s %" PRIu32, before, nat_verdict_name((nat_verdict)verdict),
                    result->verdicts[verdict]);
            before = ", ";
        }
    }
    fputs(before[0] == ',' ? ")" : "", out);
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        if (result->packets_lost_elsewhere[why] > 0) {
            fprintf(out, ", %" PRIu64 " %s", result->packets_lost_elsewhere[why], loss_texts[why]);
        }
    }
    if (result->packets_left > 0) {
        fprintf(out, ", %" PRIu64 " under way", result->packets_left);
    }
}

void narrate_verdict_words(const narrator *teller, const sim_trial_result *result) {
    for (uint32_t i = 0; i < teller->plan->call_count; i++) {
        tell_call(teller, &result->calls[i], i);
    }
    if (has_others(teller->plan)) {
        fprintf(teller->out,
                "Meanwhile other hosts behind these NATs opened %" PRIu64 " flows; %" PRIu64
                " were refused.\n",
                result->cross_flows, result->cross_refused);
    }
    char ended[FORMAT_TEXT_CAP];
    if (result->icmp_sent > 0) {
        fprintf(teller->out,
                "%" PRIu64 " ICMP errors were sent, of which %" PRIu64
                " reached the host they were about.\n",
                result->icmp_sent, result->icmp_delivered);
    }
    fprintf(teller->out, "The world ended at %s after %" PRIu64 " events: %" PRIu64 " packets sent",
            format_clock(result->ended_at_us, ended), result->events, result->packets_sent);
    tell_totals(result, teller->out);
    fprintf(teller->out, ". Digest %016" PRIx64 ".\n", result->digest);
}

static void put_seconds(FILE *out, const char *name, punch_time_us us) {
    char text[FORMAT_TEXT_CAP];
    fprintf(out, ",\"%s\":%s", name, us == PUNCH_NEVER ? "null" : format_seconds(us, text));
}

static void put_elsewhere(const uint32_t lost[SIM_LOSS_COUNT], FILE *out) {
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        fprintf(out, ",\"%s\":%" PRIu32, loss_names[why], lost[why]);
    }
}

static void put_broker_way(const reason_names *names, const char *called, const sim_broker_way *way,
                           FILE *out) {
    fprintf(out, ",\"%s\":{\"lost_link\":%" PRIu32, called, way->lost_link);
    put_elsewhere(way->lost_elsewhere, out);
    fprintf(out, ",\"blocked\":%" PRIu32, way->blocked);
    if (way->blocked > 0) {
        fprintf(out, ",\"blocked_verdict\":\"%s\",\"blocked_by_nat_of\":",
                nat_verdict_name(way->verdict));
        format_json_string(out, reason_site(names, way->site));
    }
    fputc('}', out);
}

static void put_side(const reason_names *names, const sim_call_result *call, int side, FILE *out) {
    fprintf(out, ",\"%s\":{\"host\":", side == 0 ? "caller" : "callee");
    format_json_string(out, reason_host(names, side));
    fprintf(out, ",\"fail\":\"%s\"", punch_fail_name(call->fail[side]));
    put_seconds(out, "connected_s", call->connected_us[side]);
    put_seconds(out, "fired_at_s", call->fired_at_us[side]);
    fprintf(out,
            ",\"intros_sent\":%" PRIu32 ",\"arrived\":%" PRIu32 ",\"lost_link\":%" PRIu32
            ",\"blocked\":%" PRIu32,
            call->intros_sent[side], call->arrived[side], call->lost_link[side],
            call->blocked[side]);
    if (call->blocked[side] > 0) {
        fprintf(out, ",\"blocked_verdict\":\"%s\",\"blocked_by_nat_of\":",
                nat_verdict_name(call->blocked_verdict[side]));
        format_json_string(out, reason_site(names, call->blocked_site[side]));
    }
    put_elsewhere(call->lost_elsewhere[side], out);
    put_broker_way(names, "to_broker", &call->to_broker[side], out);
    put_broker_way(names, "from_broker", &call->from_broker[side], out);
    if (call->port_dodged_to[side] != 0) {
        fprintf(out, ",\"port_taken\":%u,\"port_dodged_to\":%u", call->port_taken[side],
                call->port_dodged_to[side]);
    }
    fputc('}', out);
}

void narrate_verdict_json(const narrator *teller, const sim_trial_result *result) {
    FILE *out = teller->out;
    for (uint32_t i = 0; i < teller->plan->call_count; i++) {
        const sim_call_result *call = &result->calls[i];
        const reason_names names = reason_names_of(teller->plan, i);
        fprintf(out, "{\"kind\":\"verdict\",\"call\":%" PRIu32 ",\"connected\":%s", i,
                call->connected ? "true" : "false");
        put_seconds(out, "time_to_connect_s", call->time_to_connect_us);
        put_side(&names, call, 0, out);
        put_side(&names, call, 1, out);
        if (!call->connected) {
            char text[REASON_TEXT_CAP];
            fputs(",\"reason\":", out);
            format_json_string(out, reason_of_call(&names, call, text));
        }
        fputs("}\n", out);
    }
    fprintf(out,
            "{\"kind\":\"end\",\"events\":%" PRIu64 ",\"packets_sent\":%" PRIu64
            ",\"packets_delivered\":%" PRIu64 ",\"packets_lost_link\":%" PRIu64
            ",\"packets_blocked\":%" PRIu64 ",\"bytes_sent\":%" PRIu64,
            result->events, result->packets_sent, result->packets_delivered,
            result->packets_lost_link, result->packets_blocked, result->bytes_sent);
    for (int why = 0; why < SIM_LOSS_COUNT; why++) {
        fprintf(out, ",\"packets_%s\":%" PRIu64, loss_names[why],
                result->packets_lost_elsewhere[why]);
    }
    fprintf(out,
            ",\"packets_copied\":%" PRIu64 ",\"packets_left\":%" PRIu64 ",\"blocked_by_verdict\":{",
            result->packets_copied, result->packets_left);
    const char *before = "";
    for (int verdict = 0; verdict < NAT_VERDICT_COUNT; verdict++) {
        if (result->verdicts[verdict] > 0) {
            fprintf(out, "%s\"%s\":%" PRIu32, before, nat_verdict_name((nat_verdict)verdict),
                    result->verdicts[verdict]);
            before = ",";
        }
    }
    fputc('}', out);
    if (has_others(teller->plan)) {
        fprintf(out, ",\"cross_flows\":%" PRIu64 ",\"cross_refused\":%" PRIu64, result->cross_flows,
                result->cross_refused);
    }
    fprintf(out, ",\"icmp_sent\":%" PRIu64 ",\"icmp_delivered\":%" PRIu64, result->icmp_sent,
            result->icmp_delivered);
    put_seconds(out, "ended_at_s", result->ended_at_us);
    fprintf(out, ",\"digest\":\"%016" PRIx64 "\"}\n", result->digest);
}
