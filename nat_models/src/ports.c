/* SPDX-License-Identifier: MIT */
/*
 * Which ports of a range can be given: 64 at a time.
 *
 *   word    64 ports of one address, a bit each: taken by a live binding, or held down
 *   map     all words of all addresses, kept as bindings come and go
 *   noted   a bit for each word of the map: written since the NAT was emptied. Others are all free,
 *           whatever an earlier life left there, so that emptying writes no more than these.
 *
 * The map is kept where it takes no more than 8 bytes for each mapping there may be (layout.c).
 * Elsewhere the table is small against the range: searches meet few taken ports, and what a word
 * would say is looked up in the table. Strays count for one remote only, so they are looked up
 * always; most NATs have none.
 */
#include "box.h"

#define DRAWS_MAX 64u /* chosen: then 95 % full ranges still need a count once in 27 times only */
#define EVEN_PORTS UINT64_C(0x5555555555555555)

/* --- words --- */

static uint64_t bit_of(uint32_t number) {
    return UINT64_C(1) << number % NAT_WORD_PORTS;
}

/* How many bits are set, by adding up ever wider sums (Warren, "Hacker's Delight", 5-1). */
static uint32_t bits_in(uint64_t word) {
    word -= word >> 1 & EVEN_PORTS;
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

static uint32_t lowest_bit(uint64_t word) {
    return bits_in((word & (~word + 1)) - 1);
}

/* --- the map --- */

static uint32_t word_of(const nat *box, uint32_t place) {
    const uint32_t first = box->config.port_min / NAT_WORD_PORTS;
    return (place >> 16) * box->port_words + nat_port_of(place) / NAT_WORD_PORTS - first;
}

static uint64_t map_word(const nat *box, uint32_t word) {
    return (box->ports_noted[word / NAT_WORD_PORTS] & bit_of(word)) != 0 ? box->ports_taken[word]
                                                                         : 0;
}

void nat_ports_clear(nat *box) {
    if (box->ports_taken != NULL) {
        const uint32_t words = box->port_words * nat_config_addresses(&box->config);
        memset(box->ports_noted, 0,
               (words + NAT_WORD_PORTS - 1) / NAT_WORD_PORTS * sizeof(uint64_t));
    }
}

void nat_ports_take(nat *box, uint32_t place) {
    if (box->ports_taken != NULL) {
        const uint32_t word = word_of(box, place);
        box->ports_taken[word] = map_word(box, word) | bit_of(place);
        box->ports_noted[word / NAT_WORD_PORTS] |= bit_of(word);
    }
}

void nat_ports_give_back(nat *box, uint32_t place) {
    if (box->ports_taken != NULL) {
        const uint32_t word = word_of(box, place);
        box->ports_taken[word] = map_word(box, word) & ~bit_of(place);
    }
}

/* --- ranges --- */

static bool suits(const nat_ports *range, uint16_t port) {
    return !range->parity || ((port & 1) != 0) == range->odd;
}

uint16_t nat_port_suiting(const nat_ports *range, uint16_t port) {
    while (!suits(range, port)) {
        port = nat_port_after(range, port);
    }
    return port;
}

uint16_t nat_port_draw(nat *box, const nat_ports *range) {
    if (!range->parity) {
        return (uint16_t)(range->min + punch_rng_below(&box->rng, nat_ports_count(range)));
    }
    const uint32_t first = nat_port_suiting(range, range->min);
    const uint32_t count = ((uint32_t)range->max - first) / 2 + 1;
    return (uint16_t)(first + 2 * punch_rng_below(&box->rng, count));
}

/* --- usable ports --- */

/* Who asks, and when. */
typedef struct {
    const punch_addr *remote;
    punch_time_us now_us;
} asker;

static bool is_taken(const nat *box, uint32_t place, punch_time_us now_us) {
    if (box->ports_taken != NULL) {
        return (map_word(box, word_of(box, place)) & bit_of(place)) != 0;
    }
    return nat_place_taken(box, place) || nat_place_held(box, place, now_us);
}

static bool is_usable(const nat *box, const nat_ports *range, uint16_t port, const asker *who) {
    const uint32_t place = range->base | port;
    return suits(range, port) && !is_taken(box, place, who->now_us) &&
           !nat_stray_holds(box, place, who->remote, who->now_us);
}

/* Those of the ports [from, to] that are usable; all of them lie in one word. */
static uint64_t usable_among(const nat *box, const nat_ports *range, uint32_t from, uint32_t to,
                             const asker *who) {
    uint64_t usable = UINT64_MAX << from % NAT_WORD_PORTS;
    usable &= UINT64_MAX >> (NAT_WORD_PORTS - 1 - to % NAT_WORD_PORTS);
    if (range->parity) {
        usable &= range->odd ? ~EVEN_PORTS : EVEN_PORTS;
    }
    const bool mapped = box->ports_taken != NULL;
    if (mapped) {
        usable &= ~map_word(box, word_of(box, range->base | from));
    }
    if (mapped && box->kind_count[NAT_REMOTE_STRAY] == 0) {
        return usable;
    }
    for (uint64_t left = usable; left != 0; left &= left - 1) {
        const uint32_t port = from / NAT_WORD_PORTS * NAT_WORD_PORTS + lowest_bit(left);
        if (!is_usable(box, range, (uint16_t)port, who)) {
            usable &= ~bit_of(port);
        }
    }
    return usable;
}

/* The last port of this one's word, or of the range if that ends before. */
static uint32_t word_end(const nat_ports *range, uint32_t port) {
    const uint32_t end = port | (NAT_WORD_PORTS - 1);
    return end < range->max ? end : range->max;
}

/* The skip-th usable port from `from` on, counted from 0; if there are not so many, 0, and skip is
 * less by as many as there are. */
static uint16_t usable_of(const nat *box, const nat_ports *range, uint32_t from, uint64_t *skip,
                          const asker *who) {
    for (uint32_t port = from; port <= range->max; port = word_end(range, port) + 1) {
        uint64_t usable = usable_among(box, range, port, word_end(range, port), who);
        const uint32_t count = bits_in(usable);
        if (*skip >= count) {
            *skip -= count;
            continue;
        }
        for (; *skip > 0; (*skip)--) {
            usable &= usable - 1;
        }
        return (uint16_t)(port / NAT_WORD_PORTS * NAT_WORD_PORTS + lowest_bit(usable));
    }
    return 0;
}

uint16_t nat_port_next_usable(const nat *box, const nat_ports *range, uint16_t port,
                              const punch_addr *remote, punch_time_us now_us) {
    const asker who = {remote, now_us};
    if (is_usable(box, range, port, &who)) {
        return port; /* nearly always */
    }
    uint64_t skip = 0;
    const uint16_t found = usable_of(box, range, port, &skip, &who);
    return found != 0 ? found : usable_of(box, range, range->min, &skip, &who);
}

uint16_t nat_port_draw_usable(nat *box, const nat_ports *range, const punch_addr *remote,
                              punch_time_us now_us) {
    const asker who = {remote, now_us};
    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        const uint16_t port = nat_port_draw(box, range);
        if (is_usable(box, range, port, &who)) {
            return port;
        }
    }
    uint64_t missing = UINT32_MAX; /* more than there are */
    (void)usable_of(box, range, range->min, &missing, &who);
    const uint32_t count = (uint32_t)(UINT32_MAX - missing);
    if (count == 0) {
        return 0;
    }
    uint64_t skip = punch_rng_below(&box->rng, count);
    return usable_of(box, range, range->min, &skip, &who);
}
