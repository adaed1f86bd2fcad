/* links: verdict/verdict.o facts/session.o facts/vocabulary.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "verdict/verdict.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* The table of section 2 of doc/measurement.md, said once more and in another way: this is what
 * the rules must come to, for each of the 2^20 sets of facts and each grade. */
static enum verdict by_the_page(uint32_t facts, enum grade grade)
{
    bool done = facts & FACT_TLS_DONE;
    if (facts & FACT_NOT_MAIL)
        return VERDICT_OTHER;
    if (done)
        return facts & FACT_TLS_FIRST ? VERDICT_IMPLICIT_TLS : VERDICT_STARTTLS;
    if (grade == GRADE_LIKELY || grade == GRADE_PROVEN)
        return VERDICT_STRIPPED;
    if (facts & FACT_CREDENTIAL)
        return VERDICT_CLEAR_AUTH;
    if (facts & FACT_MAIL)
        return VERDICT_CLEAR;
    if ((facts & FACT_ATTEMPTED) && (facts & FACT_FAILED) && !(facts & FACT_LOST_SINCE))
        return VERDICT_TLS_FAILED;
    return VERDICT_INCOMPLETE;
}

static enum verdict verdict_of(uint32_t facts, enum grade grade)
{
    return verdict_rules[verdict_rule(facts, grade)].verdict;
}

static void the_whole_input_space(void **state)
{
    (void)state;
    for (uint32_t facts = 0; facts < 1u << FACT_N; facts++)
        for (unsigned g = 0; g < GRADE_N; g++) {
            unsigned rule = verdict_rule(facts, (enum grade)g);
            if (rule >= verdict_rules_n || verdict_rules[rule].verdict != by_the_page(facts, (enum grade)g))
                fail_msg("facts %#x, grade %u: rule %u", facts, g, rule);
        }
}

static void every_row_is_reached(void **state)
{
    bool reached[64] = { false };
    (void)state;
    assert_true(verdict_rules_n <= COUNT(reached));
    for (uint32_t facts = 0; facts < 1u << FACT_N; facts++)
        for (unsigned g = 0; g < GRADE_N; g++)
            reached[verdict_rule(facts, (enum grade)g)] = true;
    for (unsigned i = 0; i < verdict_rules_n; i++)
        if (!reached[i])
            fail_msg("no facts reach \"%s\"", verdict_rules[i].name);
}

/* How far a verdict is from "mail for every listener". More evidence may only lead away from it. */
static bool is_clear(enum verdict v) { return v == VERDICT_CLEAR || v == VERDICT_CLEAR_AUTH; }

static void more_evidence_never_leads_to_clear(void **state)
{
    (void)state;
    for (uint32_t facts = 0; facts < 1u << FACT_N; facts++)
        for (unsigned g = 0; g + 1 < GRADE_N; g++) {
            enum verdict less = verdict_of(facts, (enum grade)g), more = verdict_of(facts,
                (enum grade)(g + 1));
            assert_true(!is_clear(more) || more == less);
        }
}

static void a_completed_handshake_wins(void **state)
{
    (void)state;
    for (uint32_t facts = 0; facts < 1u << FACT_N; facts++)
        for (unsigned g = 0; g < GRADE_N; g++)
            if ((facts & FACT_TLS_DONE) && !(facts & FACT_NOT_MAIL)) {
                enum verdict v = verdict_of(facts, (enum grade)g);
                assert_true(v == VERDICT_IMPLICIT_TLS || v == VERDICT_STARTTLS);
            }
}

/* Facts that only describe the capture or the negotiation decide nothing. */
static void some_facts_decide_nothing(void **state)
{
    const uint32_t silent = FACT_OFFERED | FACT_LIST_WHOLE | FACT_REQUESTED | FACT_ACCEPTED | FACT_REFUSED |
                            FACT_AUTH_TRIED | FACT_LOST | FACT_CUT_SHORT | FACT_INVITED | FACT_EXPOSED |
                            FACT_ALERTED | FACT_HELO_INSTEAD | FACT_ALLOWED;
    (void)state;
    for (uint32_t facts = 0; facts < 1u << FACT_N; facts++)
        for (unsigned g = 0; g < GRADE_N; g++)
            assert_int_equal(verdict_rule(facts, (enum grade)g), verdict_rule(facts & ~silent,
                             (enum grade)g));
}

/* Evidence on an allowed path is kept, and decides nothing. */
static void what_is_allowed_is_not_stripped(void **state)
{
    struct session s = { .facts = FACT_MAIL };
    (void)state;
    evidence_add(&s.evidence, EVIDENCE_MASKED_CAPABILITY, GRADE_LIKELY);
    assert_int_equal(judge(&s).verdict, VERDICT_STRIPPED);
    assert_false(judge(&s).allowed);
    s.facts |= FACT_ALLOWED;
    assert_int_equal(judge(&s).verdict, VERDICT_CLEAR);
    assert_int_equal(judge(&s).grade, GRADE_LIKELY);
    assert_true(judge(&s).allowed);
    s.evidence = 0;
    assert_false(judge(&s).allowed);
}

/* The order of the rows is the order of the page. */
static void rules_stand_in_the_order_of_the_page(void **state)
{
    static const enum verdict order[] = {
        VERDICT_OTHER, VERDICT_IMPLICIT_TLS, VERDICT_STARTTLS, VERDICT_STRIPPED, VERDICT_CLEAR_AUTH,
            VERDICT_CLEAR,
        VERDICT_TLS_FAILED, VERDICT_INCOMPLETE,
    };
    unsigned at = 0;
    (void)state;
    for (unsigned i = 0; i < verdict_rules_n; i++) {
        while (at < COUNT(order) && order[at] != verdict_rules[i].verdict)
            at++;
        if (at == COUNT(order))
            fail_msg("rule %u (%s) stands too late", i, verdict_rules[i].name);
    }
    assert_int_equal(verdict_rules[verdict_rules_n - 1].verdict, VERDICT_INCOMPLETE);
}

static void rules_have_names_of_their_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < verdict_rules_n; i++) {
        assert_true(*verdict_rules[i].name && *verdict_rules[i].sentence);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(verdict_rules[i].name, verdict_rules[k].name);
    }
}

/* --- sessions --- */

/* One kind of evidence of likely or proven grade strips; all kinds of possible ones do not. */
static void evidence_of_each_kind(void **state)
{
    uint32_t all_possible = 0;
    (void)state;
    for (unsigned kind = 0; kind < EVIDENCE_N; kind++) {
        evidence_add(&all_possible, (enum evidence)kind, GRADE_POSSIBLE);
        for (unsigned g = 0; g < GRADE_N; g++) {
            struct session s = { .facts = FACT_MAIL | FACT_EXPOSED, .server.port = 25,
                .protocol = PROTOCOL_SMTP };
            evidence_add(&s.evidence, (enum evidence)kind, (enum grade)g);
            struct judgement j = judge(&s);
            assert_int_equal(j.grade, g);
            assert_int_equal(j.verdict, g >= GRADE_LIKELY ? VERDICT_STRIPPED : VERDICT_CLEAR);
            s.facts |= FACT_TLS_DONE;
            assert_int_equal(judge(&s).verdict, VERDICT_STARTTLS);
            assert_int_equal(judge(&s).grade, g);       /* it stays as an attribute */
        }
    }
    struct session s = { .facts = FACT_CREDENTIAL | FACT_MAIL, .evidence = all_possible };
    assert_int_equal(judge(&s).verdict, VERDICT_CLEAR_AUTH);
    assert_int_equal(judge(&s).grade, GRADE_POSSIBLE);
}

static void grades_only_rise(void **state)
{
    uint32_t e = 0;
    (void)state;
    evidence_add(&e, EVIDENCE_FORGED_REPLY, GRADE_LIKELY);
    evidence_add(&e, EVIDENCE_FORGED_REPLY, GRADE_POSSIBLE);
    evidence_add(&e, EVIDENCE_FORGED_REPLY, GRADE_NONE);
    assert_int_equal(evidence_grade(e, EVIDENCE_FORGED_REPLY), GRADE_LIKELY);
    for (unsigned kind = 0; kind < EVIDENCE_N; kind++)
        if (kind != EVIDENCE_FORGED_REPLY)
            assert_int_equal(evidence_grade(e, (enum evidence)kind), GRADE_NONE);
    evidence_add(&e, EVIDENCE_FORGED_REPLY, GRADE_PROVEN);
    assert_int_equal(evidence_highest(e), GRADE_PROVEN);
}

static const struct {
    uint16_t port;
    enum protocol protocol;
    uint32_t facts;
    enum hop hop;
} hops[] = {
    { 25, PROTOCOL_SMTP, 0, HOP_RELAY },
    { 25, PROTOCOL_SMTP, FACT_AUTH_TRIED, HOP_RELAY },
    { 25, PROTOCOL_UNKNOWN, FACT_NOT_MAIL, HOP_RELAY },         /* other takes the hop of its port */
    { 587, PROTOCOL_SMTP, 0, HOP_SUBMISSION },
    { 465, PROTOCOL_SMTP, 0, HOP_SUBMISSION },
    { 2525, PROTOCOL_SMTP, 0, HOP_SUBMISSION },
    { 143, PROTOCOL_IMAP, 0, HOP_RETRIEVAL },
    { 993, PROTOCOL_IMAP, 0, HOP_RETRIEVAL },
    { 110, PROTOCOL_POP3, 0, HOP_RETRIEVAL },
    { 995, PROTOCOL_POP3, FACT_NOT_MAIL, HOP_RETRIEVAL },
    { 24, PROTOCOL_LMTP, 0, HOP_DELIVERY },
    { 4190, PROTOCOL_SIEVE, 0, HOP_FILTER },
    { 2526, PROTOCOL_SMTP, 0, HOP_RELAY },
    { 2526, PROTOCOL_SMTP, FACT_AUTH_TRIED, HOP_SUBMISSION },
    { 2526, PROTOCOL_LMTP, 0, HOP_DELIVERY },
    { 2526, PROTOCOL_IMAP, 0, HOP_RETRIEVAL },
    { 2526, PROTOCOL_POP3, 0, HOP_RETRIEVAL },
    { 2526, PROTOCOL_SIEVE, 0, HOP_FILTER },
    { 2526, PROTOCOL_UNKNOWN, 0, HOP_OTHER },
    { 0, PROTOCOL_UNKNOWN, 0, HOP_OTHER },
    { 65535, PROTOCOL_UNKNOWN, 0, HOP_OTHER },
};

static void hop_of_each_port(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hops); i++) {
        struct session s = { .server.port = hops[i].port, .protocol = (uint8_t)hops[i].protocol,
                             .facts = hops[i].facts };
        if (judge(&s).hop != hops[i].hop)
            fail_msg("port %u, %s: %s", hops[i].port, protocol_word(hops[i].protocol),
                     hop_word(judge(&s).hop));
    }
}

/* Any other port has the hop of the protocol. */
static void hop_of_all_other_ports(void **state)
{
    static const uint16_t known[] = { 24, 25, 110, 143, 465, 587, 993, 995, 2525, 4190 };
    (void)state;
    for (unsigned port = 0; port < 65536; port++) {
        struct session s = { .server.port = (uint16_t)port, .protocol = PROTOCOL_UNKNOWN };
        bool is_known = false;
        for (size_t i = 0; i < COUNT(known); i++)
            is_known = is_known || known[i] == port;
        assert_int_equal(judge(&s).hop != HOP_OTHER, is_known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_input_space),
        cmocka_unit_test(every_row_is_reached),
        cmocka_unit_test(more_evidence_never_leads_to_clear),
        cmocka_unit_test(a_completed_handshake_wins),
        cmocka_unit_test(what_is_allowed_is_not_stripped),
        cmocka_unit_test(some_facts_decide_nothing),
        cmocka_unit_test(rules_stand_in_the_order_of_the_page),
        cmocka_unit_test(rules_have_names_of_their_own),
        cmocka_unit_test(evidence_of_each_kind),
        cmocka_unit_test(grades_only_rise),
        cmocka_unit_test(hop_of_each_port),
        cmocka_unit_test(hop_of_all_other_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
