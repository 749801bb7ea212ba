/* A disk that stalls or fails when it is told to, under programs that are started with this library: LD_PRELOAD. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic int stalled, waiting, failing; /* failing: the error number to give, 0 for none */

__attribute__((visibility("default"))) void slow_disk_stall(int stall) { atomic_store(&stalled, stall); }
__attribute__((visibility("default"))) void slow_disk_fail(int number) { atomic_store(&failing, number); }
/* True while somebody waits for the disk. */
__attribute__((visibility("default"))) int slow_disk_waiting(void) { return atomic_load(&waiting); }

static void wait_for_disk(void)
{
    atomic_fetch_add(&waiting, 1);
    while (atomic_load(&stalled))
        usleep(1000);
    atomic_fetch_sub(&waiting, 1);
}

typedef ssize_t Pwrite(int file, const void *bytes, size_t count, off_t offset);

static ssize_t slowly(const char *name, int file, const void *bytes, size_t count, off_t offset)
{
    Pwrite *real = (Pwrite *)dlsym(RTLD_NEXT, name);
    wait_for_disk();
    const int error = atomic_load(&failing);
    if (error && !(error == ENOSPC && offset == 0)) { /* a full disk takes what has its place already */
        errno = error;
        return -1;
    }
    return real(file, bytes, count, offset);
}

__attribute__((visibility("default"))) ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    return slowly("pwrite", file, bytes, count, offset);
}

__attribute__((visibility("default"))) ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset)
{
    return slowly("pwrite64", file, bytes, count, offset);
}
