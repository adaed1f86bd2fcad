#include "app/syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(MACHINE)
bool syscalls_restrict(bool files)
{
    (void)files;
    return true;
}
#else

/* Numbers that a machine does not have. */
#ifndef SYS_open
#define SYS_open -1
#define SYS_access -1
#define SYS_unlink -1
#define SYS_stat -1
#define SYS_lstat -1
#define SYS_readlink -1
#define SYS_chmod -1
#define SYS_poll -1
#define SYS_time -1
#endif
#ifndef SYS_newfstatat
#define SYS_newfstatat -1
#endif

/* Those that both need. */
static const int both[] = {
    SYS_read, SYS_write, SYS_writev,    /* standard input, the messages on standard error */
    SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg,     /* the socket to the other process */
    SYS_poll, SYS_ppoll,
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk,           /* memory; mmap and mprotect see below */
    SYS_futex, SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity, SYS_gettid,   /* threads */
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_time, SYS_clock_nanosleep, SYS_nanosleep,
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_restart_syscall,
    SYS_getpid, SYS_getppid, SYS_tgkill,                    /* abort() of an assertion */
    SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_close,
    SYS_getrandom, SYS_getrusage,
    SYS_getsockopt,                     /* what the kernel dropped; why a link is silent */
    SYS_exit, SYS_exit_group,
};

/* Those on the database and the captures of evidence. */
static const int on_files[] = {
    SYS_open, SYS_openat, SYS_access, SYS_faccessat, SYS_faccessat2, SYS_stat, SYS_lstat, SYS_statx, SYS_readlink, SYS_readlinkat,
    SYS_getcwd, SYS_unlink, SYS_unlinkat, SYS_pread64, SYS_pwrite64, SYS_ftruncate, SYS_fsync, SYS_fdatasync,
    SYS_getdents64, SYS_fcntl, SYS_fchmod, SYS_fchown, SYS_chmod, SYS_fchmodat, SYS_geteuid, SYS_getuid, SYS_uname, SYS_sysinfo, SYS_fallocate,
};

enum { ROOM = 256 };
struct program {
    struct sock_filter line[ROOM];
    unsigned short n;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    if (p->n < ROOM)
        p->line[p->n++] = (struct sock_filter){ code, jt, jf, k };
}

static void load(struct program *p, size_t at) { put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0); }
static void give(struct program *p, uint32_t what) { put(p, BPF_RET | BPF_K, what, 0, 0); }
static const uint32_t no = SECCOMP_RET_ERRNO | EPERM;

static void allow(struct program *p, const int *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] >= 0) {
            put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)list[i], 0, 1);
            give(p, SECCOMP_RET_ALLOW);
        }
}

/* The lower half of an argument; both machines are little-endian. */
static size_t argument(unsigned i) { return offsetof(struct seccomp_data, args) + 8 * i; }

/* Allowed if any of the bits is set in an argument (want), or if none is. */
static void allow_by_bits(struct program *p, int number, unsigned arg, uint32_t bits, bool want)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
    load(p, argument(arg));
    put(p, BPF_JMP | BPF_JSET | BPF_K, bits, want ? 0 : 1, want ? 1 : 0);
    give(p, SECCOMP_RET_ALLOW);
    give(p, no);
}

bool syscalls_restrict(bool files)
{
    struct program p = { .n = 0 };
    load(&p, offsetof(struct seccomp_data, arch));
    put(&p, BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
    give(&p, SECCOMP_RET_KILL_PROCESS);
    load(&p, offsetof(struct seccomp_data, nr));
    allow(&p, both, sizeof both / sizeof *both);
    if (files)
        allow(&p, on_files, sizeof on_files / sizeof *on_files);
    allow_by_bits(&p, SYS_clone, 0, CLONE_THREAD, true);        /* no other process */
    allow_by_bits(&p, SYS_mmap, 2, PROT_EXEC, false);           /* no new code */
    allow_by_bits(&p, SYS_mprotect, 2, PROT_EXEC, false);
    put(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);       /* its flags cannot be looked at: clone is tried then */
    give(&p, SECCOMP_RET_ERRNO | ENOSYS);
    put(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4);        /* libpcap, whether a silent link is up */
    load(&p, argument(1));
    put(&p, BPF_JMP | BPF_JEQ | BPF_K, SIOCGIFFLAGS, 0, 1);
    give(&p, SECCOMP_RET_ALLOW);
    give(&p, no);
    give(&p, no);
    if (p.n == ROOM) {
        errno = E2BIG;
        return false;
    }
    const struct sock_fprog program = { p.n, p.line };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#endif
