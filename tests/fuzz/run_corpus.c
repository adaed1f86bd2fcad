/* Runs a fuzz target over the files of its corpus, as a normal test: build/fuzz/NAME FOLDER. The
 * last line is "N passed, N failed". A file fails when it takes too long; one that breaks the
 * target ends the program, which then has no last line. */
#include <dirent.h>
#include <time.h>

#include "fuzz.h"

enum { FILE_LIMIT = 1 << 20 };

/* Processor time, generous for sanitizers and slow machines: 50 ms and 10 ms for each KB. */
static bool in_time(clock_t used, size_t n)
{
    return (double)used / CLOCKS_PER_SEC * 1000 < 50 + 10 * (double)n / 1024;
}

static bool run(const char *folder, const char *name)
{
    static uint8_t bytes[FILE_LIMIT];
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return false;
    }
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    fprintf(stderr, "%s\n", path);      /* the last one said is the culprit */
    clock_t start = clock();
    LLVMFuzzerTestOneInput(bytes, n);
    bool fast = in_time(clock() - start, n);
    if (!fast)
        fprintf(stderr, "%s: too slow for %zu bytes\n", path, n);
    return fast;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        if (!d) {
            perror(argv[i]);
            failed++;
            continue;
        }
        for (struct dirent *e; (e = readdir(d));)
            if (e->d_name[0] != '.')
                *(run(argv[i], e->d_name) ? &passed : &failed) += 1;
        closedir(d);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
