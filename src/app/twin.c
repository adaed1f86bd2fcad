#include "app/twin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"

/* A lock of the open file (F_OFD_SETLK), on a byte that stands for name and link; SQLite locks bytes behind 1 GiB only by
 * 512, and no database is so large as to have this one. */
static bool mark(int fd, const char *sensor, const char *link)
{
    static const struct hash_key key = { { 0, 0 } };
    char text[160];
    int n = snprintf(text, sizeof text, "%s %s", sensor, link);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1,
                          .l_start = (off_t)(UINT64_C(1) << 62 | hash_bytes(&key, text, (size_t)n) >> 3) };
    return fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

void twin_look(const struct sensor *s)
{
    const char *name = s->store_options.sensor ? s->store_options.sensor : "local";
    static int fd = -1;
    if (s->from_stdin || fd >= 0)
        return;
    fd = open(s->db, O_RDWR | O_CLOEXEC);
    for (unsigned i = 0; fd >= 0 && i < s->nlinks; i++)
        if (!mark(fd, name, s->link[i]))
            sensor_warn("another sensor named '%s' stores what %s brings in %s: each packet counts twice; end one of them, or give it"
                        " --sensor NAME or another --db", name, s->link[i], s->db);
}
