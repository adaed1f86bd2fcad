/* links: dialogue/certificates.o base/x509.o base/digest.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "dialogue/certificates.h"
#include "unit/der_kit.h"

struct told {
    unsigned n;
    struct certificate last;
};

static const struct session_core session = { .server = { { 192, 0, 2, 77 }, 465 } };

static void take(void *ctx, const struct certificate *c)
{
    struct told *told = ctx;
    told->n++;
    told->last = *c;
}

static void each_is_told_of_once(void **state)
{
    static struct bytes a, b;
    static struct told told;
    static struct certificates known = { .met = take, .ctx = &told };
    (void)state;
    der_certificate(&a, &(struct der_certificate){ .subject = "a.example" });
    der_certificate(&b, &(struct der_certificate){ .subject = "b.example", .issuer = "CA" });

    const struct known_certificate *k = certificates_meet(&known, span_of(a.b, a.n), &session);
    assert_non_null(k);
    assert_int_equal(k->not_before, 1735689600);
    assert_memory_equal(k->sha256, told.last.sha256, 32);
    assert_string_equal(told.last.subject, "CN=a.example");
    assert_memory_equal(&told.last.server, &session.server, sizeof session.server);
    assert_true(told.last.self_signed);
    for (unsigned i = 0; i < 3; i++)
        assert_non_null(certificates_meet(&known, span_of(a.b, a.n), &session));
    assert_int_equal(told.n, 1);

    assert_non_null(certificates_meet(&known, span_of(b.b, b.n), &session));
    assert_int_equal(told.n, 2);
    assert_string_equal(told.last.issuer, "CN=CA");
    assert_false(told.last.self_signed);

    assert_null(certificates_meet(&known, span_of(b.b, b.n - 1), &session));
    assert_null(certificates_meet(&known, span_of(b.b, 0), &session));
    assert_int_equal(told.n, 2);

    certificates_forget(&known);
    assert_non_null(certificates_meet(&known, span_of(a.b, a.n), &session));
    assert_int_equal(told.n, 3);
    known.met = NULL;                   /* nobody wants to know */
    assert_non_null(certificates_meet(&known, span_of(b.b, b.n), &session));
    assert_int_equal(told.n, 3);
}

/* More than there are places: each is right whether it is remembered or not. */
static void a_full_one_is_never_wrong(void **state)
{
    static struct bytes der;
    static struct told told;
    static struct certificates known = { .met = take, .ctx = &told };
    char name[32];
    (void)state;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 3 * CERTIFICATE_PLACES; i++) {
            snprintf(name, sizeof name, "%u.example", i);
            der_certificate(&der, &(struct der_certificate){ .subject = name, .after = i % 2 ? "260101000000Z" : NULL });
            const struct known_certificate *k = certificates_meet(&known, span_of(der.b, der.n), &session);
            assert_non_null(k);
            assert_int_equal(k->not_after, i % 2 ? 1767225600 : 1830297600);
        }
    assert_true(told.n >= 3 * CERTIFICATE_PLACES && told.n <= 6 * CERTIFICATE_PLACES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_told_of_once),
        cmocka_unit_test(a_full_one_is_never_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
