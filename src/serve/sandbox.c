/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH 0 /* seccomp is left out */
#endif

/* Present when the program was built for coverage, which writes files of its own at the end. */
extern void __gcov_dump(void) __attribute__((weak));

/* Not in the headers of kernel 5.13 to 6.1. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                       \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define ALL_OF_VERSION_1 ((1ULL << 13) - 1)

/* --- Landlock --- */

static void allow_below(int ruleset, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd >= 0) {
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        close(rule.parent_fd);
    }
}

static bool enter_landlock(const struct wr_sandbox *sandbox)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) {
        return false;
    }
    uint64_t writing = WRITING;
    struct landlock_ruleset_attr attr = {.handled_access_fs = ALL_OF_VERSION_1};
    if (version >= 2) {
        attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
    }
    if (version >= 3) {
        attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
        writing |= LANDLOCK_ACCESS_FS_TRUNCATE;
    }
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0) {
        return false;
    }
    allow_below(ruleset, "/", READING);
    for (int i = 0; i < WR_SANDBOX_FOLDERS_MAX; i++) {
        if (sandbox->folder[i] != NULL) {
            allow_below(ruleset, sandbox->folder[i], READING | writing);
        }
    }
    bool entered = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return entered;
}

/* --- seccomp --- */

/* What is made for each batch of packets comes first; the rest in groups. Numbers that an architecture does not
 * have are left out by the macro. */
#define C(name) __NR_##name
static const uint16_t calls[] = {
    C(epoll_pwait),
    C(recvmmsg),
    C(sendmmsg),
    C(recvmsg),
    C(sendmsg),
    C(recvfrom),
    C(sendto),
    C(read),
    C(write),
    C(readv),
    C(writev),
    C(epoll_ctl),
    C(futex),
    C(close),
    C(socket),
    C(connect),
    C(bind),
    C(clock_gettime),
    C(getrandom),
#ifdef __NR_epoll_wait
    C(epoll_wait),
#endif
    /* sockets */
    C(accept4),
    C(listen),
    C(getsockname),
    C(getpeername),
    C(setsockopt),
    C(getsockopt),
    C(shutdown),
    C(socketpair),
#ifdef __NR_accept
    C(accept),
#endif
    /* the loop, threads, signals, time */
    C(epoll_create1),
    C(eventfd2),
    C(pipe2),
    C(ppoll),
    C(timerfd_create),
    C(timerfd_settime),
    C(clone),
    C(clone3),
    C(set_robust_list),
    C(get_robust_list),
    C(rseq),
    C(set_tid_address),
    C(membarrier),
    C(sched_yield),
    C(sched_getaffinity),
    C(sched_setaffinity),
    C(gettid),
    C(getpid),
    C(getppid),
    C(tgkill),
    C(exit),
    C(exit_group),
    C(wait4),
    C(waitid),
    C(restart_syscall),
    C(rt_sigaction),
    C(rt_sigprocmask),
    C(rt_sigreturn),
    C(rt_sigtimedwait),
    C(sigaltstack),
    C(clock_getres),
    C(clock_nanosleep),
    C(nanosleep),
    C(gettimeofday),
    C(prctl),
    C(getcpu),
#ifdef __NR_poll
    C(poll),
#endif
#ifdef __NR_time
    C(time),
#endif
#ifdef __NR_clock_gettime64
    C(clock_gettime64),
    C(clock_nanosleep_time64),
    C(futex_time64),
    C(recvmmsg_time64),
    C(ppoll_time64),
    C(clock_getres_time64),
    C(utimensat_time64),
    C(rt_sigtimedwait_time64),
#endif
    /* memory */
    C(munmap),
    C(mremap),
    C(mprotect),
    C(madvise),
    C(msync),
    C(brk),
    C(mincore),
#ifdef __NR_mmap
    C(mmap),
#endif
#ifdef __NR_mmap2
    C(mmap2),
#endif
    /* files: the configuration, resolv.conf, the kept cache, the control socket */
    C(openat),
    C(fstat),
    C(statx),
    C(lseek),
    C(faccessat),
    C(readlinkat),
    C(getdents64),
    C(unlinkat),
    C(pread64),
    C(pwrite64),
    C(preadv),
    C(pwritev),
    C(fsync),
    C(fdatasync),
    C(ftruncate),
    C(fallocate),
    C(flock),
    C(fcntl),
    C(ioctl),
    C(dup),
    C(dup3),
    C(fstatfs),
    C(statfs),
    C(umask),
    C(fchmod),
    C(fchmodat),
    C(getcwd),
    C(inotify_init1),
    C(inotify_add_watch),
    C(inotify_rm_watch),
#ifdef __NR_newfstatat
    C(newfstatat),
#endif
#ifdef __NR_fstatat64
    C(fstatat64),
    C(fstat64),
    C(fcntl64),
    C(_llseek),
    C(ftruncate64),
#endif
#ifdef __NR_renameat
    C(renameat),
#endif
    C(renameat2),
    C(utimensat),
#ifdef __NR_open
    C(open),
    C(stat),
    C(lstat),
    C(access),
    C(readlink),
    C(unlink),
    C(rename),
    C(dup2),
#endif
#ifdef __NR_faccessat2
    C(faccessat2),
#endif
    /* who we are, what there is */
    C(getuid),
    C(geteuid),
    C(getgid),
    C(getegid),
    C(getgroups),
    C(uname),
    C(sysinfo),
    C(prlimit64),
    C(setpriority), /* only ever lower */
#ifdef __NR_sync_file_range
    C(sync_file_range),
#endif
#ifdef __NR_sync_file_range2
    C(sync_file_range2),
#endif
/* names that only 32-bit machines have */
#ifdef __NR_send
    C(send),
    C(recv),
#endif
#ifdef __NR_getuid32
    C(getuid32),
    C(geteuid32),
    C(getgid32),
    C(getegid32),
    C(getgroups32),
#endif
#ifdef __NR_fstatfs64
    C(fstatfs64),
    C(statfs64),
#endif
#ifdef __NR_ugetrlimit
    C(ugetrlimit),
#endif
#ifdef __NR_sigreturn
    C(sigreturn),
#endif
#ifdef __NR_getrlimit
    C(getrlimit),
#endif
};
#undef C

#define LOAD(field) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))

static bool enter_filter(struct sock_filter *program, size_t n)
{
    struct sock_fprog filter = {(unsigned short)n, program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

static bool enter_seccomp(void)
{
    struct sock_filter program[WR_ARRAY_LEN(calls) + 8];
    unsigned n = 0;
    if (ARCH == 0) {
        return false;
    }
    program[n++] = (struct sock_filter)LOAD(arch);
    program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    program[n++] = (struct sock_filter)LOAD(nr);
    for (unsigned i = 0; i < WR_ARRAY_LEN(calls); i++) {
        unsigned to_allow = (unsigned)WR_ARRAY_LEN(calls) - i; /* over the rest and the refusal */
        program[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], (uint8_t)to_allow, 0);
    }
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    _Static_assert(WR_ARRAY_LEN(calls) < 255, "a jump is eight bits");
    return enter_filter(program, n);
}

bool wr_sandbox_refuse_uring(void)
{
    struct sock_filter program[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 2),
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    return ARCH != 0 && enter_filter(program, WR_ARRAY_LEN(program));
}

void wr_sandbox_enter(const struct wr_sandbox *sandbox, struct wr_sandbox_state *ret_state)
{
    *ret_state = (struct wr_sandbox_state){false, false, NULL};
    if (SANITIZED || __gcov_dump != NULL) {
        ret_state->why_not = "built with a sanitizer or for coverage";
        return;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        ret_state->why_not = "the kernel does not forbid new privileges";
        return;
    }
    ret_state->landlock = enter_landlock(sandbox);
    ret_state->seccomp = enter_seccomp();
    if (!ret_state->landlock || !ret_state->seccomp) {
        ret_state->why_not = "this kernel does not have it, or a sandbox outside forbids it";
    }
}
