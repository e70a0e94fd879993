/* SPDX-License-Identifier: MIT */
/*
 * The inside of a peer, shared by its parts and by nobody else. peer.c is the switchboard; each
 * part owns one struct:
 *
 *   registration.c  punch_link       the broker: cookie, handshake, keepalive, clock
 *   call.c          punch_call_slot  signalling: CALL, RING, ACCEPT, GO; slots and handles
 *   traverse.c      punch_traverse   firing INTROs, slow backoff, targets, connected
 *   session.c       punch_session    acknowledgements, are-you-there, path, keepalives
 *   learning.c      punch_learning   what keepalive strategies have learnt about the network
 *   prober.c        punch_prober     a second socket, on which they try silences
 *   message.c       punch_outgoing   short messages and their outcomes
 *   outbox.c        -                encoding, sealing, sending, events, traces
 *
 * Memory: punch_peer | calls | offers | tokens | events | outgoing messages | inbox | prober |
 * learning | states of strategies, in one block.
 */
#ifndef PUNCH_PEER_INTERNAL_H
#define PUNCH_PEER_INTERNAL_H

#include "clock.h"
#include "handshake.h"
#include "punch/assert.h"
#include "punch/peer.h"
#include "punch/rng.h"

/* --- the broker ------------------------------------------------------------------------------- */

typedef enum {
    LINK_IDLE,   /* not started */
    LINK_COOKIE, /* COOKIE_REQUEST sent */
    LINK_HELLO,  /* HELLO sent */
    LINK_SETTLED /* no handshake under way */
} punch_link_phase;

typedef struct {
    punch_link_phase phase;
    bool open;           /* channel usable; stays so during a repeated handshake */
    uint8_t attempts;    /* packets of this phase sent so far */
    uint8_t hellos;      /* sent since the last WELCOME */
    uint8_t unanswered;  /* REGISTERs sent since the last answer */
    uint32_t generation; /* our index, counted up for every HELLO from a random start */
    uint64_t cookie_nonce;
    punch_cookie cookie;
    punch_hello_state hello;
    punch_time_us hello_sent_at_us;
    punch_time_us retry_at_us; /* handshake; PUNCH_NEVER when settled */
    punch_channel channel;
    bool renewed;        /* the broker has restarted since we first registered */
    uint64_t instance;   /* of the broker */
    punch_addr observed; /* our address as the broker sees it */
    punch_keepalive_view view;
    punch_time_us
        answer_due_at_us;     /* REGISTERED missing from then on; PUNCH_NEVER = none awaited */
    punch_time_us silence_us; /* the longest since the broker last told where it sees us */
    punch_clock clock;
} punch_link;

/* --- punching --------------------------------------------------------------------------------- */

typedef struct {
    punch_addr addr;
    bool signalled; /* by broker or counterparty; otherwise learnt from a packet (peer-reflexive) */
    uint8_t intros; /* sent since the last acknowledgement of one */
} punch_target;

typedef struct {
    punch_target targets[PUNCH_TARGETS_MAX];
    uint8_t target_count;
    punch_time_us fire_at_us;       /* local clock */
    punch_time_us next_round_at_us; /* PUNCH_NEVER after the last round */
    punch_time_us give_up_at_us;    /* PUNCH_NEVER until the last round */
    punch_time_us gap_us;           /* that follows the next round */
    punch_time_us rtt_sum_us;       /* of both broker round trips, clamped */
    uint32_t intros_sent;
} punch_traverse;

/* --- connected -------------------------------------------------------------------------------- */

/* no strategy sends more often: chosen, as are-you-there */
#define PUNCH_KEEPALIVE_GAP_US PUNCH_US_PER_S
#define SESSION_SENT_RING 32 /* as many as the acknowledgement bitmap covers, protocol §5 */

typedef struct {
    uint32_t nonce_salt;           /* 24 bits: marks the INTROs and are-you-theres of this call */
    punch_addr remote;             /* where we send: acknowledged */
    punch_addr heard_from;         /* source of the last authenticated packet */
    punch_time_us confirmed_at_us; /* when remote was acknowledged */
    punch_time_us rtt_us;          /* smoothed; PUNCH_NEVER before the first sample */
    /* acknowledgements of our packets */
    punch_time_us sent_at_us[SESSION_SENT_RING]; /* by sequence modulo ring */
    uint32_t covered;                            /* same ring, a bit each: acknowledged */
    uint32_t settled;                /* sequence numbers up to here are not asked about any more */
    punch_time_us ack_missing_at_us; /* PUNCH_NEVER = nothing uncovered */
    punch_time_us
        unanswered_since_us; /* our first packet since they were last heard; PUNCH_NEVER = none */
    /* the longest silences that a packet of ours has ended since they were last heard */
    punch_time_us silence_us; /* nothing in or out */
    punch_time_us unsent_us;  /* nothing out */
    /* are-you-there */
    bool probing;
    uint8_t probes_unanswered;
    uint32_t probe_first_sequence;
    punch_time_us next_probe_at_us;
    /* keepalives */
    const punch_keepalive *send_strategy;
    const void *send_state;                  /* of send_strategy; NULL = it has none */
    const punch_keepalive *receive_strategy; /* what we take the counterparty to use */
    punch_time_us promised_us;               /* their longest silence in their words; 0 = none */
    punch_time_us own_promise_us;   /* ours, as last told by a strategy that promises; 0 = none */
    punch_time_us answer_due_at_us; /* of a keepalive that asks; PUNCH_NEVER = none awaited */
    punch_time_us phase_at_us; /* the one keepalive that shifts the phase; PUNCH_NEVER = none due */
    punch_keepalive_view view;
    punch_keepalive_id their_offers[PUNCH_OFFERS_MAX];
    uint8_t their_offer_count;
    const punch_keepalive *own_offers[PUNCH_OFFERS_MAX];
    uint8_t own_offer_count;
    uint32_t own_revision;           /* of the last RENEGOTIATE we sent */
    uint32_t their_revision;         /* of the last one taken */
    punch_time_us renegotiate_at_us; /* next repeat; PUNCH_NEVER = none under way */
    uint8_t renegotiate_sends;
    /* messages received */
    uint32_t dedup_highest;
    uint64_t dedup[PUNCH_MESSAGE_DEDUP_IDS / 64];
    uint32_t next_message;
} punch_session;

/* --- calls ------------------------------------------------------------------------------------ */

typedef enum {
    CALL_FREE,
    CALL_WAITING,  /* caller: not registered yet */
    CALL_CALLING,  /* caller: CALL sent */
    CALL_RINGING,  /* callee: the host has not answered */
    CALL_ACCEPTED, /* callee: ACCEPT sent */
    CALL_READY,    /* GO taken, waiting for the fire instant */
    CALL_PUNCHING,
    CALL_CONNECTED,
    CALL_ENDED /* remembered for a while, to answer repeats */
} punch_call_state;

typedef struct {
    punch_call_state state;
    punch_role role;
    punch_call handle;
    punch_fail fail; /* when ended */
    punch_call_id id;
    punch_key counterparty;
    punch_token token; /* caller */
    punch_key static_secret;
    punch_keypair ephemeral;
    uint16_t blob_length; /* our sealed invitation */
    uint8_t blob[PUNCH_BLOB_MAX];
    punch_invitation theirs;
    bool keyed;   /* channel usable */
    bool heard;   /* any authenticated packet of this call */
    bool refused; /* ended by our REFUSE */
    uint8_t sends;
    punch_time_us began_at_us;
    punch_time_us retry_at_us;        /* signalling; PUNCH_NEVER = nothing to repeat */
    punch_time_us broker_heard_at_us; /* last word of the broker about this call */
    punch_time_us forget_at_us;       /* when ended */
    punch_channel channel;
    punch_traverse traverse;
    punch_session session;
} punch_call_slot;

/* --- messages --------------------------------------------------------------------------------- */

typedef struct {
    uint32_t number; /* 0 = free */
    uint16_t length;
    uint8_t sends;
    punch_time_us first_sent_at_us;
    punch_time_us retry_at_us;
    uint8_t data[PUNCH_MESSAGE_MAX];
} punch_outgoing;

typedef struct {
    uint16_t length;
    uint8_t data[PUNCH_MESSAGE_MAX];
} punch_incoming;

/* One strategy and what it has learnt. */
typedef struct {
    const punch_keepalive *strategy;
    void *state;
} punch_learning;

typedef enum {
    PROBER_IDLE,
    PROBER_OPENING, /* PROBE sent, or the second to be sent */
    PROBER_SILENT,
    PROBER_ASKING /* ECHO sent */
} punch_prober_phase;

typedef struct {
    punch_prober_phase phase;
    bool has_sock;
    uint32_t sock;
    uint8_t seen_count;           /* PROBEDs of this probe */
    uint8_t sends;                /* of the present PROBE, or ECHOs */
    uint8_t asks;                 /* ECHOs that the broker has passed on, */
    bool is_counted;              /* the newest among them */
    uint64_t echo_us;             /* of the newest packet sent */
    punch_time_us next_at_us;     /* something is late, or due */
    punch_time_us silence_us;     /* to be tried */
    punch_time_us sent_at_us;     /* last packet out of the spare port */
    punch_time_us heard_at_us;    /* last packet in */
    punch_time_us asked_at_us;    /* first ECHO */
    punch_time_us pause_until_us; /* no other probe before */
    punch_addr addr;              /* from PROBED, like the next two */
    uint64_t stamp_us;
    punch_cookie cookie;
} punch_prober;

/* Every strategy offered now or later, and the broker link's. */
#define PUNCH_LEARNING_MAX (2 * PUNCH_OFFERS_MAX + 1)

/* An event as it waits: what a punch_event needs beyond its call slot. */
typedef struct {
    uint8_t kind;   /* punch_event_kind */
    uint8_t detail; /* punch_fail or punch_message_outcome */
    uint16_t inbox; /* slot of a received message */
    punch_call call;
    uint32_t message;
    punch_addr remote;
    punch_time_us at_us;
    punch_time_us fire_at_us;
    const punch_keepalive *keepalive;
} punch_waiting_event;

/* What a peer keeps of its configuration, defaults filled in. A peer that only registers should
 * stay small. */
typedef struct {
    const punch_port *port;
    void *host;
    punch_addr bind;
    punch_key broker;
    punch_addr broker_addr;
    const punch_keepalive *broker_keepalive;
    uint16_t calls_max;
    uint16_t messages_max;
    uint16_t inbox_max;
    punch_options options;
} punch_settings;

struct punch_peer {
    punch_settings config;
    size_t bytes; /* of the whole block */
    punch_keypair identity;
    uint32_t sock;
    bool started;
    punch_rng rng; /* jitter only; secrets come from the port */
    punch_link link;
    punch_counters counters;
    uint32_t call_generation;
    uint16_t offer_count;
    uint16_t token_count;
    uint32_t event_head; /* counts; modulo event_cap */
    uint32_t event_tail;
    uint32_t event_cap;
    uint32_t inbox_head; /* oldest slot in use; counts */
    uint32_t inbox_tail;
    uint32_t inbox_taken; /* handed to the host, free at the next entry */
    punch_call_slot *calls;
    const punch_keepalive **offers; /* PUNCH_OFFERS_MAX */
    punch_token *tokens;
    punch_waiting_event *events;
    punch_outgoing *outgoing; /* calls_max x messages_max */
    punch_incoming *inbox;
    punch_prober *prober; /* NULL: no strategy here ever wishes for a probe */
    punch_learning *learning;
    uint8_t learning_count;
};

/* --- outbox.c --------------------------------------------------------------------------------- */

/* Hands finished bytes to the port and counts them. */
void punch_outbox_transmit(punch_peer *peer, const punch_addr *to, const uint8_t *packet,
                           size_t length, punch_call call, punch_time_us now_us);

/* Seals a signal for the broker and sends it; nothing happens while the channel is closed. */
void punch_outbox_signal(punch_peer *peer, uint8_t type, const punch_signal *signal,
                         punch_time_us now_us);

/* The same from another socket than the main one: says nothing about the main one's hole. */
void punch_outbox_signal_from(punch_peer *peer, uint32_t sock, uint8_t type,
                              const punch_signal *signal, punch_time_us now_us);

/* Seals a path packet for a call and sends it; fills in the acknowledgement fields of body. */
void punch_outbox_path(punch_peer *peer, punch_call_slot *slot, uint8_t type, punch_path_body *body,
                       const punch_addr *to, punch_time_us now_us);

/* The next event in line, zeroed but for kind, call and time; the caller fills in the rest. */
punch_waiting_event *punch_outbox_event(punch_peer *peer, punch_event_kind kind, punch_call call,
                                        punch_time_us now_us);

void punch_outbox_trace_state(const punch_peer *peer, punch_call call, const char *text,
                              int64_t number, punch_time_us now_us);
void punch_outbox_trace_received(const punch_peer *peer, uint8_t type, punch_call call,
                                 const punch_datagram *datagram, punch_time_us now_us);
/* Counts a dropped datagram and tells the listener. */
void punch_outbox_drop(punch_peer *peer, punch_drop why, const punch_datagram *datagram,
                       punch_time_us now_us);

/* Delay before the next repeat: first_us doubled with every send after the first, at most
 * ceiling_us. */
punch_time_us punch_retry_delay_us(punch_time_us first_us, uint32_t sends,
                                   punch_time_us ceiling_us);

/* --- registration.c --------------------------------------------------------------------------- */

void punch_link_start(punch_peer *peer, punch_time_us now_us);
/* Begins a new handshake; the present channel stays usable until WELCOME. */
void punch_link_restart(punch_peer *peer, punch_time_us now_us);
void punch_link_on_datagram(punch_peer *peer, const punch_datagram *datagram, uint8_t type,
                            punch_time_us now_us);
void punch_link_on_timer(punch_peer *peer, punch_time_us now_us);
punch_time_us punch_link_deadline_us(const punch_peer *peer);
/* Sends REGISTER now: keepalive, and how changed tokens get to the broker. */
void punch_link_register(punch_peer *peer, punch_time_us now_us);
/* The link's least recent round trip, or PUNCH_RTT_UNKNOWN_US. */
uint32_t punch_link_rtt_us(const punch_peer *peer);

/* --- call.c ----------------------------------------------------------------------------------- */

punch_call_slot *punch_call_find(punch_peer *peer,
                                 punch_call call); /* live ones only; NULL = stale */
void punch_call_on_signal(punch_peer *peer, uint8_t type, const punch_signal *signal,
                          const punch_datagram *datagram, punch_time_us now_us);
/* The broker (re)gained us: waiting calls go out, unanswered ones are repeated. */
void punch_call_on_registered(punch_peer *peer, punch_time_us now_us);
void punch_call_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us);
punch_time_us punch_call_deadline_us(const punch_peer *peer, const punch_call_slot *slot);
/* Ends a call: event, outcomes of its messages, slot remembered for PUNCH_CALL_LINGER_US. */
void punch_call_end(punch_peer *peer, punch_call_slot *slot, punch_fail fail, punch_time_us now_us);

/* --- traverse.c ------------------------------------------------------------------------------- */

/* GO taken: sets targets and fire instant. */
void punch_traverse_ready(punch_peer *peer, punch_call_slot *slot, const punch_signal *go,
                          punch_time_us now_us);
/* First INTRO: at the fire instant, or earlier when the counterparty is heard first. */
void punch_traverse_fire(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us);
void punch_traverse_on_intro(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                             const punch_addr *from, punch_time_us now_us);
/* True when the acknowledgement is of an INTRO of ours. */
bool punch_traverse_on_ack(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                           const punch_addr *from, punch_time_us now_us);
void punch_traverse_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us);
punch_time_us punch_traverse_deadline_us(const punch_call_slot *slot);
bool punch_traverse_may_answer_at(const punch_peer *peer, const punch_call_slot *slot,
                                  const punch_addr *from);
/* Sends an answer where protocol §4 allows: to the source, or only to signalled addresses. */
void punch_traverse_answer(punch_peer *peer, punch_call_slot *slot, uint8_t type,
                           punch_path_body *body, const punch_addr *from, punch_time_us now_us);

/* --- session.c -------------------------------------------------------------------------------- */

/* When the channel is keyed: offers, strategies, empty acknowledgement state. */
void punch_session_prepare(punch_peer *peer, punch_call_slot *slot);
/* Connected: remote is where we send from now on. */
void punch_session_open(punch_peer *peer, punch_call_slot *slot, const punch_addr *remote,
                        punch_time_us now_us);
void punch_session_on_datagram(punch_peer *peer, const punch_datagram *datagram,
                               punch_time_us now_us);
void punch_session_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us);
punch_time_us punch_session_deadline_us(const punch_peer *peer, const punch_call_slot *slot);
/* Bookkeeping of a packet that has just left with this sequence number. */
void punch_session_sent(punch_call_slot *slot, uint32_t sequence, punch_time_us now_us);
/* A packet sent at sent_at_us was acknowledged from this address: round trip sample, and the path
 * may move there. */
void punch_session_acknowledged(punch_peer *peer, punch_call_slot *slot, const punch_addr *from,
                                punch_time_us sent_at_us, punch_time_us now_us);
/* The counterparty's answer to a nonce of this call: which packet it answers. False when it is none
 * of ours. */
bool punch_session_check_nonce(const punch_call_slot *slot, uint64_t nonce, uint8_t *target_out,
                               uint32_t *sequence_out);
uint64_t punch_session_nonce(const punch_call_slot *slot, uint8_t target);
/* When the packet with this sequence left, or PUNCH_NEVER when that is forgotten. */
punch_time_us punch_session_sent_at_us(const punch_call_slot *slot, uint32_t sequence);
void punch_session_probe_now(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us);
/* What we tell the counterparty about our silences from now on, 0 = nothing. */
uint32_t punch_session_promise_ms(const punch_peer *peer, punch_call_slot *slot);

/* --- learning.c ------------------------------------------------------------------------------- */

/* The strategies of a configuration that have a state; returns how many. */
uint8_t punch_learning_find(const punch_peer_config *config,
                            const punch_keepalive *found[PUNCH_LEARNING_MAX]);
/* The state of a strategy, NULL when it has none here. */
void *punch_learning_state(const punch_peer *peer, const punch_keepalive *strategy);
/* All begin anew: the peer starts, or its network has changed. */
void punch_learning_reset(punch_peer *peer, punch_time_us now_us);
void punch_learning_observe(punch_peer *peer, const punch_keepalive_evidence *evidence);
/* We were seen at `before`, and now, after a silence of at most silence_us (0 = unknown), at
 * `now_at`. */
void punch_learning_seen_at(punch_peer *peer, const punch_addr *before, const punch_addr *now_at,
                            punch_time_us silence_us, punch_time_us now_us);
/* Draws what is random about the next keepalive. */
void punch_learning_draw(punch_peer *peer, punch_keepalive_view *view);

/* --- prober.c --------------------------------------------------------------------------------- */

void punch_prober_init(punch_prober *prober);
/* Whatever is under way means nothing any more. */
void punch_prober_forget(punch_peer *peer, punch_time_us now_us);
void punch_prober_close(punch_peer *peer);
/* Is that the spare port's socket? */
bool punch_prober_has_sock(const punch_peer *peer, uint32_t sock);
/* False: not for the prober, or not on that socket. */
bool punch_prober_on_signal(punch_peer *peer, uint8_t type, const punch_signal *signal,
                            uint32_t sock, punch_time_us now_us);
void punch_prober_on_timer(punch_peer *peer, punch_time_us now_us);
punch_time_us punch_prober_deadline_us(const punch_peer *peer);

/* --- message.c -------------------------------------------------------------------------------- */

void punch_message_on_message(punch_peer *peer, punch_call_slot *slot, const punch_path_body *body,
                              const punch_datagram *datagram, punch_time_us now_us);
void punch_message_on_ack(punch_peer *peer, punch_call_slot *slot, uint32_t number,
                          punch_time_us now_us);
void punch_message_on_timer(punch_peer *peer, punch_call_slot *slot, punch_time_us now_us);
punch_time_us punch_message_deadline_us(const punch_peer *peer, const punch_call_slot *slot);
/* All messages under way become UNCONFIRMED. */
void punch_message_end(punch_peer *peer, const punch_call_slot *slot, punch_time_us now_us);

#endif
