/* Metamorphic tests of the lane: each golden capture is run as it is, then changed in every way that a
 * mirror port, a network or a sensor may change it, and run again. What the change may do to the sessions
 * is written here; anything else is a violation. In-process, without database.
 *
 * A. Changes that keep the information: cut in two at each byte, the halves swapped, one-byte segments,
 *    neighbours reordered, packets duplicated, retransmitted with other boundaries, VLAN tags, wrapping
 *    sequence numbers, the clock stepped back, each in every link layer, tag and tunnel that src/decode
 *    knows, in IP fragments, all goldens interleaved. Each session must be the same in every field:
 *    verdict, rule, hop, ends, facts, evidence, incidents, marks, stage, TLS, authentication, messages,
 *    payload bytes, VLANs and tunnels (a wrapping's own); and no session more or less. Not compared:
 *    packet counts; times, where the change is one of time. They are not held to that, but to B, where
 *    the change takes information away after all:
 *    - A1, a conflict: where two copies of bytes differ, their order and their borders are the evidence
 *      ("the first copy is read"; "agree before and after it"): goldens with the mark overlap, and those
 *      with the made-up byte of a keep-alive, which only its place tells from data.
 *    - A2, a beginning that was not captured: where a sender's SYN was not seen, or comes behind its data
 *      or behind packets of the connection before, swapping segments makes another byte the first one.
 *      The same where the client's SYN was captured, the answer to it was not, and the client speaks
 *      first: its first 6 bytes say whether it could (a PROXY header) or answers what was lost.
 *      The same for data that come behind a FIN and behind their own acknowledgement.
 *    - A3, time: neighbours 0.5 s apart or more are not swapped (a hole of a second is a gap by design);
 *      a step of the clock is held to A where no packet waits 20 s for the next (section 2 counts 30 s of
 *      silence), and not made where one waits a minute (section 1: silence ends connections).
 *    - A4, wrong checksums: the order of wrong and right ones decides what is ignored (section 1).
 *    - A5, odd ports: mail is looked for in the first words of a connection, so what is cut within its
 *      first 6 bytes, or comes in another order, may be found late or not at all.
 *    - A6, bounds: 64 segments, 96 KiB and 48 packets are waited for, so one-byte segments of a capture
 *      that is out of order already, and packets moved over more than 40 others.
 *    - A7, packets cut by the snap length: they are not divided, nor put before whole ones (what is cut
 *      is lost at once).
 *    - A8, another sender: who sent a segment is told by its place among others and by its IP number, so
 *      the goldens about that (forged-…) are not held to A where order, borders or numbers change, and
 *      those that only look like it are not made there.
 *
 * B. Changes that lose something: packets cut to 68, 96, 256 and other bytes, one direction removed, started or
 *    ended at each packet, each packet and each two neighbours removed. What the rest honestly supports,
 *    for a session whose verdict is V in the golden:
 *    - the same verdict; or incomplete, and then the session shows why (a mark, FACT_LOST, or that the
 *      input ended), except on an odd port: else the rates of section 6 would take it for a probe. No
 *      session only if no payload is left.
 *    - V = starttls: stripped, if it has that evidence itself (the handshake outweighed it); clear_auth
 *      or clear, if a credential or mail went in clear before; tls_failed, if an earlier STARTTLS was
 *      refused, or clear text was injected, which alone is an answer that is no TLS: in each case the
 *      handshake was in what was lost.
 *    - V = stripped: clear_auth, clear or tls_failed, as far as credential, mail and attempt are facts of
 *      the golden: the evidence was in what was lost.
 *    - V = clear_auth: clear, if the line with the credential was lost; tls_failed, if TLS was attempted.
 *    - V = clear: tls_failed, if TLS was attempted: the mail behind it was lost. clear_auth, if somebody
 *      logged in with a mechanism that exposes nothing, and that mechanism was lost:
 *      section 2 counts a reply that reports a login as a secret sent, unless all mechanisms offered
 *      expose nothing.
 *    - V = other: implicit_tls or tls_failed, if only the ALPN that was lost told it from mail.
 *    - any V: completed, if the suite NULL was named in a ServerHello that was lost.
 *    - V = implicit_tls, incomplete: nothing else.
 *    - never another verdict: so no stripped, starttls, implicit_tls or clear_auth that the golden does
 *      not have (but for the three lines above, which section 2 and 3 demand), and never other for mail.
 *    - no evidence of a higher grade (but for a mask, possible, whose real offer was lost), no incident,
 *      no fact of STARTTLS, TLS, credential or mail, no higher exposure (but for a login known by its
 *      reply) or stage and no more messages than the golden has; TLS version and suite are the golden's
 *      or unknown, the mechanism too, or another one of the list, where the exposure is the same; the
 *      client is the golden's client.
 *      Where the golden has two copies that differ, each may be the one that is left: evidence, though no
 *      conflict, of the other one.
 *    - removing a packet without payload and flags changes no verdict, evidence or incident at all, if
 *      all else was captured: acknowledgements only help to tell loss from silence.
 *    Exceptions are named one by one, with their reason, in exceptions[] of allow.c. */
#ifndef MAILSEAL_METAMORPHIC_H
#define MAILSEAL_METAMORPHIC_H

#include <stdio.h>

#include "app/lane.h"
#include "verdict/verdict.h"

/* A packet of a golden, with what the derivations have to know of it. */
struct pkt {
    struct packet raw;
    struct segment seg;                 /* valid if tcp */
    bool tcp;
    enum checksum sum;
    size_t ip, tcp_at, payload;         /* offsets in raw.data */
    unsigned side;                      /* 0: sent by the smaller endpoint */
};

enum { SESSIONS_MAX = 4096 };
struct result {
    struct session *s;
    struct judgement *j;
    size_t n;
    uint32_t attempts[ATTEMPT_N];
    bool overrun;
};

struct golden {
    char name[80];
    struct port_table *ports;
    bool default_ports;
    struct pkt *pkt;
    size_t n;
    struct result base;
    uint32_t marks;                     /* of all its sessions */
    bool disordered;                    /* segments are out of order or lost already */
    bool fragments;                     /* of IP: their numbers and addresses are not moved */
    uint64_t longest_wait_ns;
};

/* Packets of one derived capture; the bytes live until packets_clear(). */
struct packets {
    struct packet *p;
    size_t n, room;
    uint8_t *bytes;
    size_t used, size;
    uint8_t ntunnel, nvlan;             /* that the sessions must show (wraps) */
    uint8_t tunnel[SESSION_TUNNELS];
    uint16_t vlan[SESSION_VLANS];
};

enum rule_class { SKIP, KEEPS, LOSES };

enum { WHAT = 64 };
struct derivation {
    const char *name;
    size_t (*count)(const struct golden *);
    /* Makes capture number i; what: which packets, for people, WHAT bytes. */
    enum rule_class (*make)(const struct golden *, size_t i, struct packets *out, char *what);
    bool vlan, time;                    /* changes tags, times */
    bool moves;                         /* a session's packets may get its neighbours' times */
    bool pieces;                        /* odd ports may miss the session (A5) */
    bool removes_one;                   /* i is the packet removed */
    bool wraps;                         /* VLANs and tunnels are those of the derived capture */
};
extern const struct derivation *const derivations_keeping, *const derivations_wrapping, *const derivations_losing,
                               *const derivations_random;
extern const size_t derivations_keeping_n, derivations_wrapping_n, derivations_losing_n, derivations_random_n;

/* golden.c */
/* Adds those of a folder to the n at *out, which was NULL at first; each: every connection of them for itself.
 * Returns how many there are then; exits on errors. */
size_t goldens_load(const char *folder, bool each, struct golden **out, size_t n);
void goldens_free(struct golden *, size_t n);
void pkt_understand(struct pkt *);
/* run.c; p NULL: gives its memory back */
void run_lane(const struct port_table *, const struct packet *, size_t n, struct result *);
void result_init(struct result *);
void result_free(struct result *);
/* Between the same two endpoints; with the same client, too. */
bool session_same_ends(const struct session *, const struct session *);
bool session_same_client(const struct session *, const struct session *);
/* packets.c */
void packets_init(struct packets *);
void packets_free(struct packets *);
void packets_clear(struct packets *);
struct packet *packets_add(struct packets *, const struct packet *);    /* not copied */
uint8_t *packets_own(struct packets *, struct packet *, size_t n);      /* n bytes of its own */
/* Bytes [from, from + n) of a whole segment's payload as a segment of its own. */
void packets_add_piece(struct packets *, const struct pkt *, uint32_t from, uint32_t n);
/* Sums of a TCP packet made anew, so that they are as right or wrong as those of `like`. */
void packet_sum(struct packet *, const struct pkt *like);
void store_be32(uint8_t *, uint32_t);
void store_be16(uint8_t *, uint32_t);
/* allow.c; why: a sentence when false */
bool allowed_same(const struct derivation *, const struct golden *, const struct packets *, const struct result *,
                  char why[256]);
bool allowed_less(const struct derivation *, const struct golden *, size_t i, const struct packets *,
                  const struct result *, char why[256]);
/* interleave.c */
enum { INTERLEAVINGS = 2 };
/* Runs all goldens at once, calls told() for each golden with its own sessions. */
void interleave(const struct golden *, size_t n, unsigned which,
                void (*told)(void *ctx, const struct golden *, const struct result *), void *ctx);
/* show.c */
void show_session(FILE *, const struct session *, const struct judgement *);

#endif
