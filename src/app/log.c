#include "app/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/text.h"

enum { LINE = 2048 };

static const char *where;

void log_at(const char *place) { where = place; }

bool log_level_parse(const char *text, enum log_level *out)
{
    static const char *const words[] = { "error", "warning", "notice" };
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = LOG_LEVEL_ERROR + i;
            return true;
        }
    return false;
}

/* JOURNAL_STREAM is "device:inode" of the stream to the journal, which may be another one than ours (systemd.exec(5)). */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

void log_line(enum log_level level, const char *format, va_list args)
{
    static int journal = -1;
    char line[LINE];

    if (journal < 0)
        journal = is_journal();
    fflush(stdout);
    vsnprintf(line, sizeof line, format, args);
    if (journal)
        fprintf(stderr, "<%d>", (int)level);
    else
        fputs("mailseal: ", stderr);
    if (where) {
        text_terminal(stderr, span_of((const uint8_t *)where, strlen(where)));
        fputs(": ", stderr);
    }
    text_terminal(stderr, span_of((const uint8_t *)line, strlen(line)));
    fputc('\n', stderr);
}

bool log_may(struct log_budget *b, uint64_t now_ns)
{
    static const uint64_t second_ns = 1000000000, most_ns = LOG_BURST * second_ns;
    uint64_t since = b->at_ns ? now_ns - b->at_ns : most_ns;
    b->left_ns = since < most_ns - b->left_ns ? b->left_ns + since : most_ns;
    b->at_ns = now_ns;
    if (b->left_ns < second_ns) {
        b->left_out++;
        return false;
    }
    b->left_ns -= second_ns;
    return true;
}
