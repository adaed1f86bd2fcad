/* links: report/report.o report/listing.o report/incidents.o report/locate.o report/layout.o report/summary.o report/reading.o report/render.o report/text.o report/when.o report/words.o
 *        store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o store/gathered.o store/tally.o store/known.o store/sums.o
 *        store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * Reports, on a database made by store/. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "report_kit.h"

#include "store/sql.h"

#include <sysexits.h>

static char *csv_of(const char *path, const char *name)
{
    return report_text((struct report_request){ .path = path, .name = name, .format = REPORT_CSV }, 0);
}

/* --- the numbers --- */

static void add_many(struct store *s, uint32_t source, uint16_t port, enum verdict v, int n)
{
    for (int i = 0; i < n; i++) {
        struct session x = kit_session((unsigned)i, 9, port);
        x.source = source;
        assert_int_equal(kit_add(s, x, v, DIRECTION_UNKNOWN), 0);
    }
}

/* Wilson's interval against published values: 81 of 263 (Newcombe 1998, table I) gives 0.2553 to
 * 0.3662; 0 of 20 gives 0 to 0.1611; and 20 of 20 its mirror. */
static void intervals_are_those_published(void **state)
{
    (void)state;
    const char *path = kit_path("wilson.db");
    struct store *s = kit_open(path);
    uint32_t source;
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "x", 1, &source), 0);
    add_many(s, source, 25, VERDICT_STARTTLS, 81);
    add_many(s, source, 25, VERDICT_CLEAR, 263 - 81);
    add_many(s, source, 25, VERDICT_TLS_FAILED, 37);
    add_many(s, source, 587, VERDICT_CLEAR_AUTH, 20);
    add_many(s, source, 993, VERDICT_IMPLICIT_TLS, 20);
    add_many(s, source, 24, VERDICT_TLS_FAILED, 1);
    assert_int_equal(store_commit(s), 0);
    store_close(s);

    char *text = csv_of(path, "share");
    assert_string_equal(text,
        "bucket,hop,direction,encrypted,decided,share,low,high,lower_bound,upper_bound\r\n"
        "2024-03-01,all,all,101,303,0.333333,0.282633,0.388207,0.297059,0.405882\r\n"
        "2024-03-01,relay,all,81,263,0.307985,0.255289,0.36621,0.27,0.393333\r\n"
        "2024-03-01,submission,all,0,20,0.0,0.0,0.161125,0.0,0.0\r\n"
        "2024-03-01,retrieval,all,20,20,1.0,0.838875,1.0,1.0,1.0\r\n"
        "2024-03-01,delivery,all,0,0,,,,0.0,1.0\r\n");
    free(text);

    FILE *f = tmpfile();
    assert_int_equal(report_summary(path, f, error), 0);
    rewind(f);
    text = kit_slurp(f);
    fclose(f);
    static const char answer[] =
        "Encrypted: 33.3 % of 303 mail sessions decided (101 encrypted)\n"
        "           95 % interval by sessions 28.3 to 38.8 %; too few peers for one by peers\n"
        "           if the 37 undecided were all clear or all encrypted: 29.7 to 40.6 %\n";
    assert_memory_equal(text, answer, sizeof answer - 1);
    assert_non_null(strstr(text, "\nNot encrypted: 0 stripped, 20 clear with a credential, 182 clear\n"));
    assert_non_null(strstr(text, "relay              81      263   30.8 %    25.5 to 36.6 %  too few peers\n"));
    free(text);
}

/* Rows for directions but `unknown`; `all` is without the internal ones. */
static void directions_stand_beside_the_headline(void **state)
{
    (void)state;
    char *text = report_text((struct report_request){ .path = filled(), .name = "share", .format = REPORT_CSV,
                                                      .by = "hour", .until = "2024-03-01T11:00:00Z" }, 0);
    assert_string_equal(text,
        "bucket,hop,direction,encrypted,decided,share,low,high,lower_bound,upper_bound\r\n"
        "2024-03-01T10:00:00Z,all,all,1,3,0.333333,0.061492,0.79234,0.2,0.6\r\n"
        "2024-03-01T10:00:00Z,relay,all,1,1,1.0,0.206549,1.0,1.0,1.0\r\n"
        "2024-03-01T10:00:00Z,submission,all,0,2,0.0,0.0,0.65762,0.0,0.0\r\n"
        "2024-03-01T10:00:00Z,retrieval,all,0,0,,,,0.0,1.0\r\n"
        "2024-03-01T10:00:00Z,all,inbound,1,2,0.5,0.094531,0.905469,0.5,0.5\r\n"
        "2024-03-01T10:00:00Z,relay,inbound,1,1,1.0,0.206549,1.0,1.0,1.0\r\n"
        "2024-03-01T10:00:00Z,submission,inbound,0,1,0.0,0.0,0.793451,0.0,0.0\r\n"
        "2024-03-01T10:00:00Z,all,outbound,0,1,0.0,0.0,0.793451,0.0,0.0\r\n"
        "2024-03-01T10:00:00Z,submission,outbound,0,1,0.0,0.0,0.793451,0.0,0.0\r\n"
        "2024-03-01T10:00:00Z,all,internal,1,1,1.0,0.206549,1.0,1.0,1.0\r\n"
        "2024-03-01T10:00:00Z,relay,internal,1,1,1.0,0.206549,1.0,1.0,1.0\r\n");
    free(text);
    text = report_text((struct report_request){ .path = filled(), .name = "share", .format = REPORT_CSV,
                                                .by = "month", .hop = "relay", .direction = "internal" }, 0);
    assert_non_null(strstr(text, "\r\n2024-03-01,relay,internal,1,1,"));
    assert_null(strstr(text, "all"));
    free(text);
}

static void rates_are_those_of_section_6(void **state)
{
    (void)state;
    char *text = csv_of(filled(), "stripped");
    assert_string_equal(text,
        "hop,evidence,grade,sessions,stripped,at_stake,rate,rate_possible,allowed\r\n"
        "all,any,,1,1,3,0.333333,0.333333,0\r\n"
        "relay,any,,0,0,2,0.0,0.0,0\r\n"
        "submission,any,,1,1,2,0.5,0.5,0\r\n"
        "submission,masked_capability,likely,1,1,,,,\r\n"
        "submission,hello_refused,possible,1,1,,,,\r\n");
    free(text);
    text = csv_of(filled(), "credentials");
    assert_string_equal(text,
        "hop,server,port,secret,guessable,none,exposed,at_stake,rate,networks\r\n"
        "all,all,,0,2,0,2,4,0.5,1\r\n"
        "relay,all,,0,0,0,0,2,0.0,0\r\n"
        "submission,all,,0,2,0,2,2,1.0,1\r\n"
        "retrieval,all,,0,0,0,0,1,0.0,0\r\n"
        "submission,10.0.0.9,587,0,2,0,2,2,1.0,1\r\n");
    free(text);
    text = csv_of(filled(), "tls");
    assert_string_equal(text,
        "kind,name,sessions,part\r\n"
        "version,TLSv1.2,1,0.333333\r\n" "version,TLSv1.3,1,0.333333\r\n" "version,unknown,1,0.333333\r\n"
        "pq_chosen,no,1,0.5\r\n" "pq_chosen,yes,1,0.5\r\n"
        "pq_offered,yes,2,0.666667\r\n" "pq_offered,no,1,0.333333\r\n"
        "cipher,0xeeee,1,0.333333\r\n" "cipher,TLS_AES_128_GCM_SHA256,1,0.333333\r\n"
        "cipher,unknown,1,0.333333\r\n"
        "group,X25519MLKEM768,1,0.333333\r\n" "group,none,1,0.333333\r\n" "group,unknown,1,0.333333\r\n");
    free(text);
}

static void certificates_and_fingerprints_are_counted(void **state)
{
    (void)state;
    char *text = csv_of(filled(), "certificates");
    assert_string_equal(text,
        "issuer,subject,notbefore,notafter,certificates,self_signed,servers,sessions,out_of_time,first,last\r\n"
        "all,all,,,1,1,1,1,0,2024-03-01,2024-03-01\r\n"
        "\"CN=An issuer\\, Ltd\",all,,,1,1,1,1,0,2024-03-01,2024-03-01\r\n"
        "\"CN=An issuer\\, Ltd\",CN=imap.example,1969-12-31T23:59:59Z,9999-12-31T23:59:59Z,1,1,1,1,0,"
        "2024-03-01,2024-03-01\r\n");
    free(text);
    text = csv_of(filled(), "fingerprints");
    assert_string_equal(text,
        "ja4,ja3,sessions,encrypted,failed,share,below_12\r\n"
        "t13d1516h2_8daaf6152771_e5627efa2ab1,de350000000000000000000000000000,2,2,0,1.0,0\r\n");
    free(text);
}

/* --- the same for everybody --- */

static void the_shell_gives_the_same_numbers(void **state)
{
    (void)state;
    int n = 0;
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        char name[32], command[512];
        if (sscanf(t->path, "reports/%31[a-z_].sql", name) != 1)
            continue;
        char *ours = csv_of(filled(), name);
        csv_to_list(ours);
        FILE *f = fopen(kit_path("report.sql"), "w");
        fputs(t->text, f);
        fclose(f);
        snprintf(command, sizeof command,
                 "sqlite3 -list -header -separator \"$(printf '\\037')\" '%s' < '%s'",
                 filled(), kit_path("report.sql"));
        char *shell = kit_output(command);
        /* captures have no links, and nothing was looked up; the shell is silent then */
        bool rows = strcmp(name, "links") != 0 && strcmp(name, "providers") != 0;
        assert_string_equal(rows ? ours : "", shell);
        assert_int_equal(strchr(ours, '\n')[1] != 0, rows);
        free(ours);
        free(shell);
        n++;
    }
    assert_true(n >= 7);
}

static void json_is_valid_whatever_the_names_are(void **state)
{
    (void)state;
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        char name[32];
        if (sscanf(t->path, "reports/%31[a-z_].sql", name) != 1)
            continue;
        char *text = report_text((struct report_request){ .path = filled(), .name = name,
                                                          .format = REPORT_JSON }, 0);
        assert_json(text, "array");
        free(text);
        text = report_text((struct report_request){ .path = filled(), .name = name, .since = "2100-01-01",
                                                    .format = REPORT_JSON }, 0);
        assert_json(text, "array");
        free(text);
    }
    char *text = sessions_text(filled(), NULL, REPORT_JSON);
    assert_json(text, "array");
    free(text);
}

static void tables_hold_no_controls(void **state)
{
    (void)state;
    char *text = report_text((struct report_request){ .path = filled(), .name = "quality" }, 0);
    assert_null(strchr(text, 0x1b));
    assert_non_null(strstr(text, "\\x1b[31m\\xff name.pcap"));
    free(text);
    text = sessions_text(filled(), NULL, REPORT_TABLE);
    assert_non_null(strstr(text, "likely: masked_capability hello_refused"));
    free(text);
}

/* --- asking --- */

static void wrong_questions_are_refused(void **state)
{
    (void)state;
    const char *path = filled();
    free(report_text((struct report_request){ .path = path, .name = "nothing" }, EX_USAGE));
    assert_non_null(strstr(error, "no report nothing"));
    free(report_text((struct report_request){ .path = path, .name = "share", .by = "year" }, EX_USAGE));
    free(report_text((struct report_request){ .path = path, .name = "share", .hop = "hip" }, EX_USAGE));
    assert_non_null(strstr(error, "relay submission"));
    free(report_text((struct report_request){ .path = path, .name = "share", .since = "today" }, EX_USAGE));
    free(report_text((struct report_request){ .path = path, .name = "share", .since = "2026-02-01", .until = "2026-01-01" }, EX_USAGE));
    assert_non_null(strstr(error, "--until 2026-01-01 is before"));
    free(report_text((struct report_request){ .path = path, .name = "servers", .by = "day" }, EX_USAGE));
    assert_non_null(strstr(error, "--by"));
    free(report_text((struct report_request){ .path = kit_path("no.db"), .name = "share" }, EX_NOINPUT));
    assert_int_not_equal(access(kit_path("no.db"), F_OK), 0);
    assert_int_equal(sessions_run(&(struct report_request){ .path = path, .format = REPORT_CSV }, "fine", stdout, error), EX_USAGE);
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    FILE *f = fopen("/dev/full", "w");
    assert_int_equal(sessions_run(&(struct report_request){ .path = filled(), .format = REPORT_CSV }, NULL, f, error), EX_IOERR);
    assert_non_null(strstr(error, "No space"));
    fclose(f);
    f = fopen("/dev/full", "w");
    assert_int_equal(report_list(f, error), EX_IOERR);
    fclose(f);
}

static void an_empty_database_has_an_answer(void **state)
{
    (void)state;
    const char *path = kit_path("empty.db");
    store_close(kit_open(path));
    FILE *f = tmpfile();
    assert_int_equal(report_summary(path, f, error), 0);
    rewind(f);
    char *text = kit_slurp(f);
    assert_true(strncmp(text, "Encrypted: unknown; no mail session", 35) == 0);
    free(text);
    fclose(f);
    text = report_text((struct report_request){ .path = path, .name = "share", .format = REPORT_JSON }, 0);
    assert_string_equal(text, "[]\n");
    free(text);
}

static void numbers_without_a_word_have_a_name(void **state)
{
    (void)state;
    const char *path = kit_path("odd.db");
    char command[900];
    snprintf(command, sizeof command, "cp '%s' '%s' && sqlite3 '%s' 'UPDATE rate_day SET hop = 77'", filled(), path, path);
    free(kit_output(command));
    FILE *f = tmpfile();
    assert_int_equal(report_summary(path, f, error), 0);
    rewind(f);
    char *text = kit_slurp(f);
    assert_non_null(strstr(text, "\nunknown "));
    free(text);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_those_published),
        cmocka_unit_test(directions_stand_beside_the_headline),
        cmocka_unit_test(rates_are_those_of_section_6),
        cmocka_unit_test(certificates_and_fingerprints_are_counted),
        cmocka_unit_test(the_shell_gives_the_same_numbers),
        cmocka_unit_test(json_is_valid_whatever_the_names_are),
        cmocka_unit_test(tables_hold_no_controls),
        cmocka_unit_test(wrong_questions_are_refused),
        cmocka_unit_test(a_full_disk_is_noticed),
        cmocka_unit_test(an_empty_database_has_an_answer),
        cmocka_unit_test(numbers_without_a_word_have_a_name),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
