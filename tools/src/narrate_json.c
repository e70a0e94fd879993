/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One JSON object per line and record, with every field the record has. Keys and tags of packets
 * are those of a simulated world: data is printed whole, in hexadecimal.
 */
#include <inttypes.h>

#include "format.h"
#include "narrate.h"
#include "punch/wire.h"

static const char *kind_name(sim_saw_kind kind) {
    switch (kind) {
    case SIM_SAW_SEND:
        return "send";
    case SIM_SAW_NAT_OUT:
        return "nat-out";
    case SIM_SAW_NAT_IN:
        return "nat-in";
    case SIM_SAW_LOSS:
        return "loss";
    case SIM_SAW_DUPLICATE:
        return "duplicate";
    case SIM_SAW_DELIVER:
        return "deliver";
    case SIM_SAW_NOWHERE:
        return "nowhere";
    case SIM_SAW_FAULT:
        return "fault";
    case SIM_SAW_CORE:
        return "core";
    case SIM_SAW_EVENT:
        return "event";
    case SIM_SAW_ICMP_SEND:
        return "icmp-send";
    case SIM_SAW_ICMP_NAT:
        return "icmp-nat";
    case SIM_SAW_ICMP_DELIVER:
        return "icmp-deliver";
    }
    return "unknown";
}

static const char *trace_kind_name(punch_trace_kind kind) {
    switch (kind) {
    case PUNCH_TRACE_STATE:
        return "state";
    case PUNCH_TRACE_SENT:
        return "sent";
    case PUNCH_TRACE_RECEIVED:
        return "received";
    case PUNCH_TRACE_DROPPED:
        return "dropped";
    }
    return "unknown";
}

static const char *outcome_name(punch_message_outcome outcome) {
    switch (outcome) {
    case PUNCH_MESSAGE_ACKED:
        return "acked";
    case PUNCH_MESSAGE_UNCONFIRMED:
        return "unconfirmed";
    case PUNCH_MESSAGE_REFUSED:
        return "refused";
    }
    return "unknown";
}

static void put_addr(FILE *out, const char *name, const punch_addr *addr) {
    char text[PUNCH_ADDR_TEXT_CAP];
    if (addr->family != PUNCH_FAMILY_NONE) {
        fprintf(out, ",\"%s\":\"%s\"", name, punch_addr_format(addr, text));
    }
}

static void put_text(FILE *out, const char *name, const char *text) {
    if (text != NULL) {
        fprintf(out, ",\"%s\":", name);
        format_json_string(out, text);
    }
}

static void put_time(FILE *out, const char *name, punch_time_us at_us) {
    if (at_us == PUNCH_NEVER) {
        fprintf(out, ",\"%s\":null", name);
    } else {
        fprintf(out, ",\"%s\":%" PRId64, name, at_us);
    }
}

static void put_packet(FILE *out, const sim_saw *record) {
    fprintf(out, ",\"packet\":%" PRIu64 ",\"type\":%u,\"type_name\":\"%s\",\"length\":%u",
            record->packet, record->type, punch_type_name(record->type), record->length);
    put_addr(out, "src", &record->src);
    put_addr(out, "dst", &record->dst);
    put_addr(out, "src_after", &record->src_after);
    put_addr(out, "dst_after", &record->dst_after);
    if (record->data != NULL) {
        fputs(",\"data\":\"", out);
        for (uint16_t i = 0; i < record->length; i++) {
            fprintf(out, "%02x", record->data[i]);
        }
        fputc('"', out);
    }
}

/* A handle, or nothing where the record is about no call. */
static void put_call(FILE *out, uint32_t call) {
    if (call != PUNCH_CALL_NONE) {
        fprintf(out, ",\"call\":%" PRIu32, call);
    }
}

static void put_trace(FILE *out, const punch_trace *trace) {
    fprintf(out, ",\"core\":{\"kind\":\"%s\",\"type\":%u,\"type_name\":\"%s\",\"length\":%u",
            trace_kind_name(trace->kind), trace->type, punch_type_name(trace->type), trace->length);
    put_call(out, trace->call);
    fprintf(out, ",\"number\":%" PRId64, trace->number);
    put_addr(out, "remote", &trace->remote);
    put_text(out, "text", trace->text);
    put_time(out, "now_us", trace->now_us);
    fputc('}', out);
}

static void put_event(FILE *out, const punch_event *event) {
    fprintf(out, ",\"event\":{\"kind\":\"%s\"", punch_event_name(event->kind));
    put_call(out, event->call);
    put_time(out, "at_us", event->at_us);
    put_addr(out, "remote", &event->remote);
    switch (event->kind) {
    case PUNCH_EVENT_GO:
        put_time(out, "fire_at_us", event->fire_at_us);
        break;
    case PUNCH_EVENT_ENDED:
        put_text(out, "fail", punch_fail_name(event->fail));
        break;
    case PUNCH_EVENT_OUTCOME:
        fprintf(out, ",\"message\":%" PRIu32, event->message);
        put_text(out, "outcome", outcome_name(event->outcome));
        break;
    case PUNCH_EVENT_MESSAGE:
        fprintf(out, ",\"length\":%u", event->length);
        break;
    case PUNCH_EVENT_KEEPALIVE:
        put_text(out, "keepalive", event->keepalive != NULL ? event->keepalive->name : NULL);
        break;
    case PUNCH_EVENT_REGISTERED:
    case PUNCH_EVENT_BROKER_LOST:
    case PUNCH_EVENT_RING:
    case PUNCH_EVENT_FIRED:
    case PUNCH_EVENT_CONNECTED:
    case PUNCH_EVENT_MOVED:
        break;
    }
    fputc('}', out);
}

void narrate_json(void *user, const sim_saw *record) {
    narrator *teller = user;
    FILE *out = teller->out;
    teller->records++;
    fprintf(out, "{\"kind\":\"%s\"", kind_name(record->kind));
    put_time(out, "at_us", record->at_us);
    if (record->host < teller->plan->host_count) {
        put_text(out, "host", teller->plan->hosts[record->host].name);
    }
    if (record->site < teller->plan->site_count) {
        put_text(out, "site", teller->plan->sites[record->site].name);
    }
    if (record->packet != 0) {
        put_packet(out, record);
    }
    if (record->icmp != SIM_ICMP_NONE) {
        put_text(out, "icmp",
                 record->icmp == SIM_ICMP_TIME_EXCEEDED ? "time-exceeded" : "unreachable");
    }
    if (record->kind == SIM_SAW_NAT_OUT || record->kind == SIM_SAW_NAT_IN ||
        record->kind == SIM_SAW_ICMP_NAT) {
        put_text(out, "verdict", nat_verdict_name(record->verdict));
        put_text(out, "verdict_text", nat_verdict_text(record->verdict));
    }
    put_text(out, "text", record->text);
    if (record->trace != NULL) {
        put_trace(out, record->trace);
    }
    if (record->event != NULL) {
        put_event(out, record->event);
    }
    fputs("}\n", out);
}
