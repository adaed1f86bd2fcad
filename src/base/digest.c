#include "base/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int ok)
{
    if (ok == 1)
        return;
    fputs("mailseal: libcrypto cannot hash: out of memory, or the hash is forbidden\n", stderr);
    abort();
}

static void digest(const EVP_MD *kind, const struct span *parts, size_t n, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    must(ctx != NULL);
    must(EVP_DigestInit_ex(ctx, kind, NULL));
    for (size_t i = 0; i < n; i++)
        must(EVP_DigestUpdate(ctx, parts[i].p, parts[i].n));
    must(EVP_DigestFinal_ex(ctx, out, NULL));
    EVP_MD_CTX_free(ctx);
}

void digest_sha256(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA256])
{
    digest(EVP_sha256(), parts, n, out);
}

void digest_sha1(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA1])
{
    digest(EVP_sha1(), parts, n, out);
}

bool digest_md5(struct span in, uint8_t out[DIGEST_MD5])
{
    return EVP_Digest(in.p, in.n, out, NULL, EVP_md5(), NULL) == 1;
}

size_t base64_text(struct span in, char *out, size_t size)
{
    if (in.n > INT_MAX / 2 || (in.n + 2) / 3 * 4 + 1 > size) {
        if (size)
            *out = 0;
        return 0;
    }
    return (size_t)EVP_EncodeBlock((unsigned char *)out, in.p, (int)in.n);
}
