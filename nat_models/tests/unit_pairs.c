/* SPDX-License-Identifier: MIT */
/*
 * Two peers behind two NATs punch at each other, for all 81 pairs of mapping x filtering: which
 * pairs connect is derived from RFC 4787's words, and reply affinity changes exactly the cells it
 * should. No network: a packet is one NAT's way out and the other's way in.
 */
#include <stdio.h>
#include <string.h>

#include "nat/presets.h"
#include "nat_support.h"
#include "punch_test.h"

#define KINDS 9      /* mapping x filtering */
#define KNOWN_MAX 32 /* addresses a side sends to */
#define ROUNDS 6     /* far more than any pair needs */
#define PACKETS_MAX 512

typedef struct {
    nat *box;
    punch_addr inside;
    punch_addr external; /* of the NAT */
    punch_addr known[KNOWN_MAX];
    int known_count;
    bool answered; /* an answer to a packet of ours came in */
} side;

typedef struct {
    int to; /* side it travels to */
    bool answer;
    nat_packet packet; /* as on the wire between the NATs */
} flight;

typedef struct {
    side sides[2];
    flight flights[PACKETS_MAX];
    int flight_count;
    punch_time_us now_us;
} pair;

static const punch_addr *learn(side *self, const punch_addr *addr) {
    for (int i = 0; i < self->known_count; i++) {
        if (punch_addr_equal(&self->known[i], addr)) {
            return &self->known[i];
        }
    }
    if (self->known_count == KNOWN_MAX) {
        return addr;
    }
    self->known[self->known_count] = *addr;
    return &self->known[self->known_count++];
}

static void launch(pair *world, int from, const punch_addr *to, bool answer) {
    nat_packet packet = {world->sides[from].inside, *to};
    if (nat_translate_out(world->sides[from].box, &packet, world->now_us) != NAT_PASS ||
        world->flight_count == PACKETS_MAX) {
        return;
    }
    world->flights[world->flight_count++] = (flight){1 - from, answer, packet};
}

/* Lets everything that is under way arrive; packets are answered where they came from. */
static void land_all(pair *world) {
    for (int i = 0; i < world->flight_count; i++) {
        flight at = world->flights[i];
        side *self = &world->sides[at.to];
        const punch_addr source = at.packet.src;
        world->now_us++;
        if (nat_translate_in(self->box, &at.packet, world->now_us) != NAT_PASS) {
            continue;
        }
        (void)learn(self, &source);
        if (at.answer) {
            self->answered = true;
        } else {
            launch(world, at.to, &source, true);
        }
    }
    world->flight_count = 0;
}

/* Where a rendezvous at a third address sees this side. */
static punch_addr observed(pair *world, int index) {
    const punch_addr rendezvous = support_remote(9, 3478);
    nat_packet packet = {world->sides[index].inside, rendezvous};
    const nat_verdict out = nat_translate_out(world->sides[index].box, &packet, world->now_us);
    const punch_addr seen = packet.src;
    nat_packet answer = {rendezvous, seen};
    const nat_verdict in = nat_translate_in(world->sides[index].box, &answer, world->now_us);
    EXPECT("the rendezvous is reached and answers", out == NAT_PASS && in == NAT_PASS);
    return seen;
}

static nat *make_box(const nat_config *config, const punch_addr *external, uint32_t object) {
    void *memory = aligned_alloc(16, nat_size(config));
    PUNCH_ASSERT(memory != NULL);
    return nat_init(memory, config, external, punch_rng_stream(11, object, 0));
}

/* Plays one punch; `late` holds side 1 back until the first packet of side 0 has arrived. */
static bool punch(const nat_config *a, const nat_config *b, bool late) {
    pair world = {0};
    const nat_config *configs[2] = {a, b};
    for (uint32_t i = 0; i < 2; i++) {
        side *self = &world.sides[i];
        self->external = punch_addr_ipv4(SUPPORT_EXTERNAL_IP + i, 0);
        self->inside = support_inside(1 + i, 40000);
        self->box = make_box(configs[i], &self->external, i);
    }
    const punch_addr seen[2] = {observed(&world, 0), observed(&world, 1)};
    (void)learn(&world.sides[0], &seen[1]);
    (void)learn(&world.sides[1], &seen[0]);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < (late && round == 0 ? 1 : 2); i++) {
            for (int k = 0; k < world.sides[i].known_count; k++) {
                launch(&world, i, &world.sides[i].known[k], false);
            }
        }
        land_all(&world);
        world.now_us += 100 * PUNCH_US_PER_MS;
    }
    free(world.sides[0].box);
    free(world.sides[1].box);
    return world.sides[0].answered && world.sides[1].answered;
}

static nat_config kind_config(int kind, bool affinity) {
    nat_config config = nat_config_default();
    config.mapping = (nat_mapping)(kind / 3);
    config.filtering = (nat_filtering)(kind % 3);
    config.allocation = NAT_ALLOCATION_RANDOM;
    config.reply_affinity = affinity;
    config.table_max = 64;
    return config;
}

/* RFC 4787's words alone, ports unpredictable. EDM: ADM or APDM. */
static bool textbook(const nat_config *a, const nat_config *b) {
    const bool a_eim = a->mapping == NAT_MAPPING_EIM;
    const bool b_eim = b->mapping == NAT_MAPPING_EIM;
    if (a_eim && b_eim) {
        return true;
    }
    if (a_eim != b_eim) {
        return (a_eim ? a : b)->filtering != NAT_FILTERING_APDF;
    }
    return (a->filtering == NAT_FILTERING_EIF && b->filtering != NAT_FILTERING_APDF) ||
           (b->filtering == NAT_FILTERING_EIF && a->filtering != NAT_FILTERING_APDF);
}

/* EDM that lets everybody in, against a filter by port: an answer must leave by the port it came in
 * by, or it is refused. */
static bool needs_affinity(const nat_config *a, const nat_config *b) {
    return a->mapping != NAT_MAPPING_EIM && a->filtering == NAT_FILTERING_EIF &&
           b->filtering == NAT_FILTERING_APDF;
}

static void check_matrix(bool affinity, int changed_wanted) {
    int changed = 0;
    for (int i = 0; i < KINDS; i++) {
        for (int j = 0; j < KINDS; j++) {
            const nat_config a = kind_config(i, affinity);
            const nat_config b = kind_config(j, affinity);
            const bool expected = textbook(&a, &b) ||
                                  (affinity && (needs_affinity(&a, &b) || needs_affinity(&b, &a)));
            char sentence[96];
            (void)snprintf(sentence, sizeof sentence, "%s/%s x %s/%s, affinity %s",
                           nat_mapping_name(a.mapping), nat_filtering_name(a.filtering),
                           nat_mapping_name(b.mapping), nat_filtering_name(b.filtering),
                           affinity ? "on" : "off");
            EXPECT_INT(sentence, punch(&a, &b, false), expected);
            changed += expected != textbook(&a, &b) ? 1 : 0;
        }
    }
    EXPECT_INT("cells that differ from the textbook", changed, changed_wanted);
}

static void textbook_matrix(void) {
    check_matrix(false, 0);
}

static void affinity_matrix(void) {
    /* {ADM, APDM}/EIF x {EIM, ADM, APDM}/APDF: 6 cells, both ways round. */
    check_matrix(true, 12);
}

/* Two plain masquerades: whoever's packet comes first takes the port, and the punch fails; with a
 * drop on INPUT it works. */
static void inbound_first(void) {
    static const struct {
        const char *sentence;
        const char *preset;
        bool late;
        bool connects;
    } rows[] = {
        {"plain masquerade, fired at one instant", "linux-masquerade", false, true},
        {"plain masquerade, one side late", "linux-masquerade", true, false},
        {"masquerade with INPUT drop, one instant", "linux-masquerade-input-drop", false, true},
        {"masquerade with INPUT drop, one side late", "linux-masquerade-input-drop", true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const nat_config config = nat_preset_find(rows[i].preset)->config;
        EXPECT_INT(rows[i].sentence, punch(&config, &config, rows[i].late), rows[i].connects);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"81 pairs without reply affinity follow the textbook", textbook_matrix},
        {"reply affinity changes exactly 12 cells", affinity_matrix},
        {"a packet that comes first spoils a plain masquerade", inbound_first},
    };
    return PUNCH_TEST_MAIN("unit_pairs", cases);
}
