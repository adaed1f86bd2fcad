#include "app/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/syscalls.h"

#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

static bool failed(char why[RIGHTS_ERROR], const char *what)
{
    snprintf(why, RIGHTS_ERROR, "rights cannot be given up (%s: %s)", what, strerror(errno));
    return false;
}

/* --- capabilities --- */

/* Opening a capture; starting a process as another user with fewer bounds, and ending it. */
static const unsigned parent_keeps = 1u << CAP_NET_RAW | 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL |
                                     1u << CAP_SETPCAP;

static bool set_capabilities(unsigned mask)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct now[2] = { 0 };
    if (syscall(SYS_capget, &head, now) != 0)
        return false;
    mask &= now[0].permitted;
    const struct __user_cap_data_struct data[2] = { { .effective = mask, .permitted = mask, .inheritable = 0 } };
    return syscall(SYS_capset, &head, data) == 0;
}

/* What a program started later could get back; there is none, but so it stays. Only a root may do it. */
static void drop_bounds(unsigned mask)
{
    for (unsigned long cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (cap >= 32 || !(mask >> cap & 1))
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* --- users --- */

bool rights_find_user(const char *name, uid_t *uid, gid_t *gid)
{
    const struct passwd *pw;
    *uid = 0;
    *gid = 0;
    if (geteuid() != 0)
        return true;
    if (!(pw = getpwnam(name ? name : "mailseal")) && !name)
        pw = getpwnam("nobody");
    if (!pw || !pw->pw_uid)
        return false;
    *uid = pw->pw_uid;
    *gid = pw->pw_gid;
    return true;
}

static bool become(const struct rights *r)
{
    if (geteuid() != 0 || !r->uid)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(r->gid, r->gid, r->gid) == 0 && setresuid(r->uid, r->uid, r->uid) == 0;
}

/* --- files --- */

#ifdef LANDLOCK_CREATE_RULESET_VERSION
static bool allow_folder(int rules, const char *folder, unsigned long long what)
{
    struct landlock_path_beneath_attr at = { .allowed_access = what, .parent_fd = open(folder, O_PATH | O_CLOEXEC) };
    bool good = at.parent_fd >= 0 && syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at, 0) == 0;
    if (at.parent_fd >= 0)
        close(at.parent_fd);
    return good;
}

/* Nothing may be opened but in the folders. */
static bool restrict_files(const char *folder, const char *also)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)                    /* a kernel without it */
        return true;
    unsigned long long all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;        /* of its first version */
    if (version >= 3)
        all |= 1ull << 13 | 1ull << 14;         /* refer, truncate */
    const struct landlock_ruleset_attr attr = { .handled_access_fs = all };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0);
    bool good = rules >= 0 && (!folder || allow_folder(rules, folder, all)) && (!also || allow_folder(rules, also, all)) &&
                syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    if (rules >= 0)
        close(rules);
    return good;
}
#else
static bool restrict_files(const char *folder, const char *also)
{
    (void)folder;
    (void)also;
    return true;
}
#endif

/* It writes no file but the one that its lines may go to; that it does not fill the disk with them. */
static bool limit_files(void)
{
    enum { LINES = 64 << 20 };
    struct stat st;
    bool file = fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    rlim_t most = file ? (rlim_t)st.st_size + LINES : 0;
    limit.rlim_max = most < limit.rlim_max ? most : limit.rlim_max;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

/* --- all of it --- */

bool rights_drop(const struct rights *r, char why[RIGHTS_ERROR])
{
    bool parent = r->role == RIGHTS_PARENT;
    unsigned keeps = parent ? parent_keeps : 0;

    if (r->role == RIGHTS_PARSER && !limit_files())
        return failed(why, "limit of files");
    drop_bounds(keeps);
    if (!become(r))
        return failed(why, "user");
    if (!set_capabilities(keeps))
        return failed(why, "capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(why, "no new privileges");
    if (parent)
        return true;
    if (r->role == RIGHTS_PARSER)
        prctl(PR_SET_PDEATHSIG, SIGTERM);       /* ends what it can when the parent is killed; forgotten by a change of user */
    prctl(PR_SET_DUMPABLE, 0);          /* a change of user may have set it */
    bool writer = r->role == RIGHTS_WRITER;
    if (!restrict_files(writer ? r->folder : NULL, writer ? r->also : NULL))
        return failed(why, "Landlock");
    if (!syscalls_restrict(writer))
        return failed(why, "system calls");
    return true;
}
