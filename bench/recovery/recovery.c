/* Bounds for recovery.fox: the system calls and signals that it cannot do without, called from C. Nanoseconds, medians. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define RUNS 201
#define PAGE 4096L

struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, inverted, mask, any, ret;
};
#define SCAN _IOWR('f', 16, struct scan)

static int64_t samples[RUNS];

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report(const char *name) {
    qsort(samples, RUNS, sizeof *samples, compare);
    printf("%s %ld\n", name, (long)samples[RUNS / 2]);
}

static sigjmp_buf pad;

static void jump(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    siglongjmp(pad, 1);
}

static volatile int zero;

/* A handler that steps over the faulting instruction: delivery and return, nothing else. */
static void step(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ucontext_t *where = context;
    where->uc_mcontext.gregs[REG_RIP] += 2; /* movb (%rax), %al */
}

static int scan(int pagemap, char *start, long bytes, int protect) {
    static uint64_t ranges[3 * 128];
    struct scan request = {.size = sizeof request, .flags = 2 | protect, .start = (uint64_t)start,
                           .end = (uint64_t)(start + bytes), .vec = (uint64_t)ranges, .vec_len = 128,
                           .mask = 2, .ret = 2};
    return ioctl(pagemap, SCAN, &request);
}

int main(void) {
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        for (int j = 0; j < 100; j++) syscall(SYS_getpid);
        samples[i] = (now() - start) / 100;
    }
    report("bound_system_call");

    struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        for (int j = 0; j < 20; j++) __asm__ volatile("xor %%eax, %%eax\n\tmovb (%%rax), %%al" ::: "rax", "memory");
        samples[i] = (now() - start) / 20;
    }
    report("bound_signal");

    action.sa_sigaction = jump;
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        for (volatile int j = 0; j < 20; j++)
            if (sigsetjmp(pad, 0) == 0) *(volatile char *)(long)zero = 1;
        samples[i] = (now() - start) / 20;
    }
    report("bound_signal_longjmp");

    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        pid_t child = fork();
        if (child == 0) _exit(0);
        waitpid(child, NULL, 0);
        samples[i] = now() - start;
    }
    report("bound_fork_exit_wait");

    char *area = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    madvise(area, 128 << 20, MADV_NOHUGEPAGE);
    memset(area, 1, 128 << 20);
    char *copy = malloc(128 << 20);
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        for (int page = 0; page < 327; page++) memcpy(copy + page * 4096, area + page * 100 * PAGE, PAGE);
        samples[i] = now() - start;
    }
    report("bound_copy_327_pages");

    int fault = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);
    uint64_t api[3] = {0xAA, 1 << 15, 0};
    uint64_t range[4] = {(uint64_t)area, 128 << 20, 2, 0};
    if (fault < 0 || ioctl(fault, 0xC018AA3F, api) || ioctl(fault, 0xC020AA00, range)) return 0;
    int pagemap = open("/proc/self/pagemap", O_RDONLY);
    scan(pagemap, area, 128 << 20, 1);
    while (scan(pagemap, area, 128 << 20, 1) > 0) {}
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        for (int j = 0; j < 20; j++) scan(pagemap, area, 4 * PAGE, 1);
        samples[i] = (now() - start) / 20;
    }
    report("bound_scan_4_pages");
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        scan(pagemap, area, 128 << 20, 0);
        samples[i] = now() - start;
    }
    report("bound_scan_128_mb");
    for (int i = 0; i < RUNS; i++) {
        int64_t start = now();
        for (int page = 0; page < 16; page++) area[page * PAGE]++;
        samples[i] = (now() - start) / 16;
        scan(pagemap, area, 16 * PAGE, 1);
    }
    report("bound_first_write_to_page");
    return 0;
}
