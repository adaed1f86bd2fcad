#include "app/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/command.h"
#include "base/pages.h"

enum { DIGITS = 2 * ADDRESS_KEY, PATH = 4096 };

/* The pages of a key: the key, and room for the file's text. */
struct key_pages {
    uint8_t key[ADDRESS_KEY];
    char text[DIGITS + 2];              /* a line's end, and one byte more than there may be */
};

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | (c >= 'A' && c <= 'F' ? 0x20 : 0)) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool take_digits(struct key_pages *k, ssize_t n)
{
    if (n < DIGITS || n > DIGITS + 1 || (n > DIGITS && k->text[DIGITS] != '\n'))
        return false;
    for (unsigned i = 0; i < ADDRESS_KEY; i++) {
        int high = digit_of(k->text[2 * i]), low = digit_of(k->text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        k->key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* --- a new one --- */

static bool write_new(int fd, struct key_pages *k)
{
    static const char digits[] = "0123456789abcdef";
    if (getrandom(k->key, sizeof k->key, 0) != (ssize_t)sizeof k->key)
        return false;
    for (unsigned i = 0; i < ADDRESS_KEY; i++) {
        k->text[2 * i] = digits[k->key[i] >> 4];
        k->text[2 * i + 1] = digits[k->key[i] & 15];
    }
    k->text[DIGITS] = '\n';
    return write(fd, k->text, DIGITS + 1) == DIGITS + 1 && fsync(fd) == 0;
}

/* It has its name when all of it is written: of two that make it at once one has to read the other's. */
static int make_file(const char *path, struct key_pages *k)
{
    char beside[PATH];
    int n = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    int fd = n < PATH ? mkostemp(beside, O_CLOEXEC) : -1;               /* mode 0600 */
    if (fd < 0)
        return complain(EX_CANTCREAT, "%s cannot be made: %s", path, strerror(n < PATH ? errno : ENAMETOOLONG));
    bool done = write_new(fd, k) && (link(beside, path) == 0 || errno == EEXIST);
    int why = errno;
    unlink(beside);
    close(fd);
    return done ? 0 : complain(EX_CANTCREAT, "%s cannot be made: %s", path, strerror(why));
}

/* --- one that is there --- */

static int check_rights(const char *path, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return complain(EX_NOINPUT, "%s is no file that can hold a key", path);
    mode_t allowed = st.st_uid == geteuid() ? 0700 : 0740;
    if (st.st_mode & 0777 & ~allowed)
        return complain(EX_NOPERM, "%s may be read by others, and is no secret: chmod 600 %s, or begin anew with another key", path, path);
    return 0;
}

static int read_file(const char *path, int fd, struct key_pages *k)
{
    ssize_t n = read(fd, k->text, sizeof k->text);
    if (n < 0)
        return complain(EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
    return take_digits(k, n) ? 0 : complain(EX_DATAERR, "%s is no key: it has to be of %d hexadecimal digits; the name of a file that is not"
                                                 " there makes a new one", path, DIGITS);
}

static int open_and_read(const char *path, bool make, bool quiet, struct key_pages *k)
{
    /* What would wait for somebody at the other end (a pipe) is not waited for. */
    int status, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool made = fd < 0 && errno == ENOENT && make;
    if (made) {
        if ((status = make_file(path, k)))
            return status;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd < 0)
        return complain(EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
    status = check_rights(path, fd);
    if (!status)
        status = read_file(path, fd, k);
    close(fd);
    if (made && !status && !quiet)
        remark("%s was made, the key of the stored addresses: keep it, and keep it apart from the database", path);
    return status;
}

int key_file_read(const char *path, bool make, bool quiet, uint8_t **key)
{
    struct key_pages *k = pages_get(sizeof *k);
    *key = (uint8_t *)k;
    if (!k)
        return complain(EX_OSERR, "there is not enough memory");
    (void)!mlock(k, sizeof *k);         /* a service may be forbidden to; swap is the operator's then */
    int status = open_and_read(path, make, quiet, k);
    explicit_bzero(k->text, sizeof k->text);
    if (status)
        key_file_wipe(key);
    return status;
}

void key_file_wipe(uint8_t **key)
{
    if (*key)
        explicit_bzero(*key, sizeof(struct key_pages));
    pages_put(*key);
    *key = NULL;
}
