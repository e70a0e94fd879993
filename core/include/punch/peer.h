/* SPDX-License-Identifier: MIT */
/*
 * A peer: one identity, one socket, one broker, and its calls. Every entry takes now_us (local
 * clock, any origin); afterwards the host reads punch_peer_next_deadline_us() and drains
 * punch_peer_next_event().
 *
 *   start  cookie -> handshake -> registered; again when the broker is lost
 *   call   calling -> ready -> punching -> connected -> ended
 *   ring   ringing -> accepted -> ready -> punching -> connected -> ended
 *
 * Memory: punch_peer_size() bytes from the caller; nothing is allocated afterwards.
 */
#ifndef PUNCH_PEER_H
#define PUNCH_PEER_H

#include "punch/contact.h"
#include "punch/keepalive.h"
#include "punch/port.h"

typedef struct punch_peer punch_peer;

/* A handle on a call: index and generation; never 0xffffffff. Stale handles are refused, not
 * misread. */
typedef uint32_t punch_call;
#define PUNCH_CALL_NONE UINT32_MAX

/* When to fire, given GO's instant T on the broker's clock (protocol §3). */
typedef enum {
    PUNCH_FIRE_SAME_INSTANT = 0, /* when the estimated broker clock shows T */
    PUNCH_FIRE_SEED_LITERAL = 1, /* when it shows T - own rtt/2 */
    PUNCH_FIRE_ON_RECEIPT = 2    /* when GO arrives */
} punch_fire_rule;

typedef struct {
    punch_fire_rule fire_rule;
    uint32_t backoff_permille;         /* gap growth: 1000..10000; 0 = PUNCH_BACKOFF_PERMILLE */
    bool peer_reflexive_off;           /* answer only at signalled addresses (protocol §4) */
    int32_t keepalive_jitter_permille; /* 0..499, of the interval; -1 = PUNCH_JITTER_PERMILLE */
    /* One more keepalive this long after connecting, 0..60 s, 0 = none: the seed's start phase,
     * which decides the mode of strategies that follow the counterparty's packets. */
    punch_time_us keepalive_phase_us;
    /* Of strategies with a fixed interval, instead of theirs; 0 = theirs, else
     * PUNCH_KEEPALIVE_INTERVAL_US_MIN.._MAX. */
    punch_time_us keepalive_interval_us;
    uint8_t keepalive_probes_max; /* are-you-theres before dead; 0 = PUNCH_PROBES_MAX */
} punch_options;

typedef struct {
    const punch_port *port; /* must outlive the peer */
    void *host;             /* passed back to the port */
    uint8_t identity_seed[PUNCH_KEY_BYTES];
    punch_addr bind; /* family of the socket and its port, 0 = any */
    punch_key broker;
    punch_addr broker_addr;
    const punch_keepalive *broker_keepalive;         /* NULL = agreed-15 */
    const punch_keepalive *offers[PUNCH_OFFERS_MAX]; /* understood, in order of preference; NULL
                                                        ends; none = all built in */
    /* Strategies that are not offered, but may be by punch_peer_renegotiate; NULL ends. Only those
     * that learn need to be named here: for their memory. */
    const punch_keepalive *later[PUNCH_OFFERS_MAX];
    uint16_t calls_max;    /* 0..PUNCH_CALLS_MAX calls and sessions at once; 0: a peer that only
                              registers */
    uint16_t messages_max; /* 0..PUNCH_MESSAGES_MAX short messages under way per session */
    uint16_t inbox_max;    /* 0..64 received messages waiting for the host; when full they are not
                              acknowledged */
    punch_options options;
} punch_peer_config;

typedef enum {
    PUNCH_FAIL_NONE = 0,
    PUNCH_FAIL_UNAVAILABLE,  /* broker: unknown key or wrong token (the same answer on purpose) */
    PUNCH_FAIL_REFUSED,      /* the callee said no */
    PUNCH_FAIL_NOT_ANSWERED, /* rang, nobody accepted */
    PUNCH_FAIL_BROKER_LOST,  /* the broker did not answer */
    PUNCH_FAIL_NO_ANSWER,    /* punched, heard nothing from the counterparty */
    PUNCH_FAIL_ONE_WAY,      /* heard the counterparty, but it never acknowledged ours */
    PUNCH_FAIL_DEAD,         /* was connected; all are-you-theres went unanswered */
    PUNCH_FAIL_BYE,          /* the counterparty hung up */
    PUNCH_FAIL_HUNG_UP       /* ended by us */
} punch_fail;

typedef enum {
    PUNCH_MESSAGE_ACKED = 0,
    PUNCH_MESSAGE_UNCONFIRMED = 1,
    PUNCH_MESSAGE_REFUSED = 2
} punch_message_outcome;

typedef enum {
    PUNCH_EVENT_REGISTERED,  /* at, remote: our address as the broker sees it */
    PUNCH_EVENT_BROKER_LOST, /* the broker stopped answering; registering again */
    PUNCH_EVENT_RING, /* call, key: who calls; answer with punch_peer_accept or punch_peer_refuse */
    PUNCH_EVENT_GO,   /* call, fire_at_us: GO arrived */
    PUNCH_EVENT_FIRED,     /* call: first INTRO left */
    PUNCH_EVENT_CONNECTED, /* call, remote */
    PUNCH_EVENT_MOVED,     /* call, remote: the path moved to a newly acknowledged address */
    PUNCH_EVENT_ENDED,     /* call, fail: failed or over; the handle is now stale */
    PUNCH_EVENT_MESSAGE,   /* call, data, length: received; data borrowed until the next entry into
                              the peer */
    PUNCH_EVENT_OUTCOME,   /* call, message, outcome */
    PUNCH_EVENT_KEEPALIVE  /* call, keepalive: strategy now used for our direction */
} punch_event_kind;

typedef struct {
    punch_event_kind kind;
    punch_call call;
    punch_time_us at_us;
    punch_time_us fire_at_us;
    punch_addr remote;
    punch_key key;
    punch_fail fail;
    uint32_t message;
    punch_message_outcome outcome;
    const punch_keepalive *keepalive;
    const uint8_t *data;
    uint16_t length;
} punch_event;

/* Why packets were dropped; each has a name. */
typedef enum {
    PUNCH_DROP_PARSE,   /* too short, too long, malformed */
    PUNCH_DROP_VERSION, /* another protocol version */
    PUNCH_DROP_TYPE,    /* unknown type, or one that is not for us */
    PUNCH_DROP_UNKNOWN, /* no session with that index */
    PUNCH_DROP_AUTH,    /* did not open */
    PUNCH_DROP_REPLAY,  /* seen before, or older than the window */
    PUNCH_DROP_STATE,   /* authentic, but makes no sense now */
    PUNCH_DROP_FULL,    /* table or inbox full */
    PUNCH_DROP_COOKIE,  /* broker: cookie missing, old or of another address */
    PUNCH_DROP_COUNT
} punch_drop;

typedef struct {
    uint64_t sent_packets;
    uint64_t sent_bytes;
    uint64_t received_packets; /* authenticated */
    uint64_t received_bytes;
    uint64_t send_errors;
    uint64_t dropped[PUNCH_DROP_COUNT];
} punch_counters;

/* A look at a call from outside. */
typedef struct {
    uint8_t id[PUNCH_CALL_ID_BYTES]; /* the same at caller, callee and broker */
    bool connected;
    bool heard;           /* any authenticated packet of this call */
    punch_addr remote;    /* where we send; family NONE before connected */
    punch_time_us rtt_us; /* latest estimate of this path, or PUNCH_NEVER */
    punch_time_us last_send_at_us;
    punch_time_us last_heard_at_us;
    const punch_keepalive *send_keepalive; /* strategy of our direction; NULL before connected */
    uint32_t intros_sent;
    uint32_t probes_unanswered;
} punch_call_view;

#ifdef __cplusplus
extern "C" {
#endif

const char *punch_fail_name(punch_fail fail);
const char *punch_drop_name(punch_drop drop);
const char *punch_event_name(punch_event_kind kind);

/* Bytes a peer of this configuration needs, 16-byte aligned; 0 when the configuration is out of
 * range. */
size_t punch_peer_size(const punch_peer_config *config);

/* So many bytes more, at most, a peer needs for a strategy among its offers: room to be set aside
 * by whoever resets a peer to other offers. */
size_t punch_peer_learning_bytes(const punch_keepalive *strategy);

/* Makes a peer in the caller's memory (16-byte aligned, punch_peer_size bytes). PUNCH_ERR_ARGUMENT
 * when the configuration is out of range. The peer lies idle until punch_peer_start. */
punch_err punch_peer_init(void *memory, const punch_peer_config *config, punch_peer **peer_out);

/* Back to the state after init, with another configuration of the same sizes (limits, and states of
 * strategies). Closes nothing: the
 * host has forgotten its sockets. PUNCH_ERR_ARGUMENT when the sizes differ. */
punch_err punch_peer_reset(punch_peer *peer, const punch_peer_config *config);

/* Opens the socket and begins to register. Once. */
punch_err punch_peer_start(punch_peer *peer, punch_time_us now_us);

/* Ends all calls with BYE, closes the socket; the peer may be started again. */
void punch_peer_stop(punch_peer *peer, punch_time_us now_us);

void punch_peer_on_datagram(punch_peer *peer, const punch_datagram *datagram, punch_time_us now_us);
void punch_peer_on_timer(punch_peer *peer, punch_time_us now_us);

/* Our addresses may have changed (new gateway, woken from sleep): registers again and probes every
 * session at once. */
void punch_peer_on_network_change(punch_peer *peer, punch_time_us now_us);

/* When punch_peer_on_timer wants to be called next, on the same clock as now_us; PUNCH_NEVER = not
 * at all. */
punch_time_us punch_peer_next_deadline_us(const punch_peer *peer);

/* Takes the next event; false when there is none. Drain after every entry: at most
 * 2 + calls_max x (8 + messages_max) + inbox_max can wait, more is a programming error. */
bool punch_peer_next_event(punch_peer *peer, punch_event *event_out);

const punch_key *punch_peer_key(const punch_peer *peer);
const punch_counters *punch_peer_counters(const punch_peer *peer);
bool punch_peer_is_registered(const punch_peer *peer);

/* Estimated broker clock minus local clock, and the least recent round trip. PUNCH_ERR_STATE before
 * the first sample. */
punch_err punch_peer_broker_clock(const punch_peer *peer, punch_time_us *offset_out,
                                  punch_time_us *rtt_out);

/* Mints a token for one counterparty and registers its hash. PUNCH_ERR_CAPACITY at
 * PUNCH_TOKENS_MAX. */
punch_err punch_peer_mint(punch_peer *peer, punch_time_us now_us, punch_contact *contact_out);

/* Takes a token back. PUNCH_ERR_STATE when it is not one of ours. */
punch_err punch_peer_revoke(punch_peer *peer, const punch_token *token, punch_time_us now_us);

/* Calls. May be used before the peer is registered: the call then waits for that. */
punch_err punch_peer_call(punch_peer *peer, const punch_contact *contact, punch_time_us now_us,
                          punch_call *call_out);
punch_err punch_peer_accept(punch_peer *peer, punch_call call, punch_time_us now_us);
punch_err punch_peer_refuse(punch_peer *peer, punch_call call, punch_time_us now_us);
punch_err punch_peer_hang_up(punch_peer *peer, punch_call call, punch_time_us now_us);

/* Sends a short message (1..PUNCH_MESSAGE_MAX bytes, copied). On PUNCH_OK exactly one
 * PUNCH_EVENT_OUTCOME with this message number follows; on error (PUNCH_ERR_STATE not connected,
 * _TOO_LONG, _CAPACITY) the outcome is REFUSED and none follows. */
punch_err punch_peer_send(punch_peer *peer, punch_call call, const uint8_t *data, size_t length,
                          punch_time_us now_us, uint32_t *message_out);

/* Offers other strategies from now on (NULL-ended or PUNCH_OFFERS_MAX long) and renegotiates both
 * directions. PUNCH_ERR_ARGUMENT for none at all, and for one that learns but is neither offered
 * nor named for later in the configuration: it has no memory here. */
punch_err punch_peer_renegotiate(punch_peer *peer, punch_call call,
                                 const punch_keepalive *const *offers, punch_time_us now_us);

/* PUNCH_ERR_STATE for a stale handle. */
punch_err punch_peer_view(const punch_peer *peer, punch_call call, punch_call_view *view_out);

#ifdef __cplusplus
}
#endif

#endif
