/* links: base/digest.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/digest.h"

static void digests_and_base64_are_the_known_ones(void **state)
{
    (void)state;
    struct span parts[] = { span_of("a", 1), span_of("bc", 2) };
    uint8_t sha1[DIGEST_SHA1], sha256[DIGEST_SHA256];
    char text[64];

    digest_sha1(parts, 2, sha1);
    assert_int_equal(base64_text(span_of(sha1, sizeof sha1), text, sizeof text), 28);
    assert_string_equal(text, "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
    digest_sha256(parts, 2, sha256);
    assert_int_equal(base64_text(span_of(sha256, sizeof sha256), text, sizeof text), 44);
    assert_string_equal(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    digest_sha1(NULL, 0, sha1);
    assert_int_equal(sha1[0], 0xda);
    assert_int_equal(base64_text(span_of("ab", 2), text, 5), 4);
    assert_string_equal(text, "YWI=");
    assert_int_equal(base64_text(span_of("ab", 2), text, 4), 0);
    assert_string_equal(text, "");
    assert_int_equal(base64_text(span_of("", 0), text, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_and_base64_are_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
