/* links: report/report.o report/listing.o report/incidents.o report/locate.o report/layout.o report/summary.o report/reading.o report/render.o report/text.o report/when.o report/words.o
 *        store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o store/gathered.o store/tally.o store/known.o store/sums.o
 *        store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * The list of sessions: what other programs are built on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "report_kit.h"

static void sessions_have_the_documented_names(void **state)
{
    (void)state;
    char *text = sessions_text(filled(), NULL, REPORT_JSONL), *rest = text;
    static const char *const want[] = {
        "{\"id\":1,\"timestamp\":\"2024-03-01T10:00:00.123456Z\",\"end\":\"2024-03-01T10:00:05.000000Z\","
        "\"src_ip\":\"10.0.0.1\",\"src_port\":40000,\"dest_ip\":\"10.0.0.9\",\"dest_port\":25,"
        "\"community_id\":\"1:cgkRMHPfj/gydXBJRlEGvohniY8=\",\"app_proto\":\"smtp\",\"hop\":\"relay\","
        "\"direction\":\"inbound\",\"verdict\":\"starttls\",\"stage\":\"tls\",\"rule\":\"RULE\","
        "\"tls\":{\"version\":\"TLSv1.3\",\"client_max\":\"TLSv1.3\",\"cipher\":\"TLS_AES_128_GCM_SHA256\","
        "\"group\":\"X25519MLKEM768\",\"pq_offered\":true,\"pq\":true,\"sni\":\"mx.example.org\","
        "\"alpn\":\"smtp\","
        "\"resumed\":false,\"downgraded\":false,"
        "\"subject\":null,\"issuer\":null,\"notbefore\":null,\"notafter\":null,\"self_signed\":null,"
        "\"ja3\":\"de350000000000000000000000000000\",\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\"},"
        "\"starttls\":{\"offered\":true,\"requested\":true,\"reply\":\"220\"},"
        "\"auth\":{\"offered\":null,\"command\":null,\"mechanism\":null,\"exposure\":null,"
        "\"invited_in_clear\":null},"
        "\"strip\":{\"grade\":\"none\",\"evidence\":[]},\"incidents\":[],\"marks\":[],\"messages_clear\":0,\"client\":{\"name\":null},"
        "\"pkts_toserver\":10,\"pkts_toclient\":12,\"bytes_toserver\":1000,\"bytes_toclient\":2000,"
        "\"proxy\":{\"src_ip\":null,\"src_port\":null,\"dest_ip\":null,\"dest_port\":null},"
        "\"vlan\":[10,20],\"tunnel\":[],\"source\":\"a \\\"quoted\\\",\\u001b[31m\\ufffd name.pcap\","
        "\"sensor\":\"local\"}",
        "\"tls\":{\"version\":null,\"client_max\":\"TLSv1.3\",\"cipher\":null,\"group\":null,"
        "\"pq_offered\":true,"
        "\"pq\":null,\"sni\":\"mx.example.org\",\"alpn\":[\"a\",\"b\"],\"resumed\":null,\"downgraded\":null,",
        "\"src_ip\":\"2001:db8:1::1\",",
        "\"auth\":{\"offered\":[\"PLAIN\",\"LOGIN\",\"XYMPKI\",\"X-FOO\"],\"command\":\"AUTH\","
        "\"mechanism\":\"XYMPKI\",\"exposure\":\"guessable\",\"invited_in_clear\":true}",
        "\"strip\":{\"grade\":\"likely\",\"evidence\":[\"masked_capability\",\"hello_refused\"]},"
        "\"incidents\":[\"preauth\",\"deprecated_tls\"],\"marks\":[],\"messages_clear\":2,\"client\":{\"name\":null},",
        "\"starttls\":{\"offered\":null,\"requested\":false,\"reply\":\"NO\"},\"auth\":{\"offered\":[],",
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char *line = strsep(&rest, "\n"), *rule = strstr(line, "\"rule\":\"");
        assert_json(line, "object");
        if (i == 0) {
            char *end = strchr(rule + 8, '"');
            memmove(rule + 12, end, strlen(end) + 1);
            memcpy(rule + 8, "RULE", 4);
            assert_string_equal(line, want[i]);
        } else if (!strstr(line, want[i])) {
            fail_msg("%s\nnot in %s", want[i], line);
        }
    }
    free(text);
}

static void what_does_not_apply_is_null(void **state)
{
    (void)state;
    char *text = sessions_text(filled(), "implicit_tls", REPORT_JSONL);
    assert_non_null(strstr(text, "\"starttls\":{\"offered\":null,\"requested\":null,\"reply\":null}"));
    assert_non_null(strstr(text, "\"version\":\"TLSv1.2\","
                                 "\"client_max\":\"0x7f17\",\"cipher\":\"0xeeee\",\"group\":null"));
    assert_non_null(strstr(text, "\"subject\":\"CN=imap.example\",\"issuer\":\"CN=An issuer\\\\, Ltd\","
                                 "\"notbefore\":\"1969-12-31T23:59:59Z\",\"notafter\":\"9999-12-31T23:59:59Z\","
                                 "\"self_signed\":true,\"ja3\":null,\"ja4\":null}"));
    assert_non_null(strstr(text, "\"messages_clear\":null"));
    assert_null(strchr(strchr(text, '\n') + 1, '\n'));
    free(text);
}

static void csv_has_dots_and_the_view_underscores(void **state)
{
    (void)state;
    char *text = sessions_text(filled(), "incomplete", REPORT_CSV), command[512];
    assert_true(strncmp(text, "id,timestamp,end,src_ip,", 24) == 0);
    assert_non_null(strstr(text, ",tls.pq_offered,"));
    assert_non_null(strstr(text, ",source,sensor\r\n"));
    assert_non_null(strstr(text, ",one_sided gap,"));
    csv_to_list(text);
    snprintf(command, sizeof command, "sqlite3 -list -separator \"$(printf '\\037')\" '%s'"
             " \"SELECT * FROM sessions WHERE verdict = 'incomplete'\"", filled());
    char *shell = kit_output(command);
    assert_string_equal(strchr(text, '\n') + 1, shell);
    free(shell);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_have_the_documented_names),
        cmocka_unit_test(what_does_not_apply_is_null),
        cmocka_unit_test(csv_has_dots_and_the_view_underscores),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
