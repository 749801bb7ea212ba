/* A library to preload: counts the calls a process makes to the file system and lets one of them, or one and all after
 * it, fail or lie. The test arms it from the same process; it runs on whichever thread calls. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/file.h>
#include <unistd.h>

/* The kinds of calls, in the order of KINDS in saves.py. */
enum { OPEN, READ, WRITE, FSYNC, RENAME, LINK, UNLINK, MKDIR, STAT, SEEK, CHMOD, DUP, LOCK, LIST, CLOSE, KINDS };
/* What a call does instead of its work: errors are positive errno values. */
enum { SHORT = -1, DROPPED = -2, HOLE = -3, GARBAGE = -4 };

static int armed, kind_to_fail, what, for_ever;
static long fail_at, counts[KINDS];

void faults_arm(int kind, long at, int how, int from_then_on)
{
    for (int k = 0; k < KINDS; ++k)
        counts[k] = 0;
    kind_to_fail = kind, fail_at = at, what = how, for_ever = from_then_on, armed = 1;
}

void faults_disarm(void) { armed = 0; }
long faults_count(int kind) { return counts[kind]; }

/* 0 to do the work, else what to do instead. */
static int turn(int kind)
{
    if (!armed)
        return 0;
    long count = ++counts[kind];
    return kind == kind_to_fail && (count == fail_at || (for_ever && count > fail_at)) ? what : 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(value) return errno = fault, (value)

static int opening(const char *symbol, const char *path, int flags, mode_t mode)
{
    int fault = turn(OPEN);
    if (fault > 0)
        FAIL(-1);
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, symbol))(path, flags, mode);
}

#define OPENING(name)                                                                                                 \
    int name(const char *path, int flags, ...)                                                                        \
    {                                                                                                                 \
        va_list more;                                                                                                 \
        va_start(more, flags);                                                                                        \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                                       \
        va_end(more);                                                                                                 \
        return opening(#name, path, flags, mode);                                                                     \
    }
OPENING(open)
OPENING(open64)

ssize_t read(int file, void *to, size_t bytes)
{
    int fault = turn(READ);
    if (fault > 0)
        FAIL(-1);
    return REAL(read)(file, to, fault == SHORT && bytes > 1 ? bytes / 2 : bytes);
}

static ssize_t write_inverted(int file, const uint8_t *from, size_t bytes)
{
    uint8_t bad[4096];
    for (size_t done = 0; done < bytes;) {
        size_t part = bytes - done < sizeof bad ? bytes - done : sizeof bad;
        for (size_t i = 0; i < part; ++i)
            bad[i] = (uint8_t)~from[done + i];
        ssize_t written = REAL(write)(file, bad, part);
        if (written < 0)
            return written;
        done += (size_t)written;
    }
    return (ssize_t)bytes;
}

ssize_t write(int file, const void *from, size_t bytes)
{
    int fault = turn(WRITE);
    if (fault > 0)
        FAIL(-1);
    if (fault == SHORT && bytes > 1)
        return REAL(write)(file, from, bytes / 2);
    if (fault == DROPPED)
        return (ssize_t)bytes;
    if (fault == HOLE)
        return lseek(file, (off_t)bytes, SEEK_CUR) < 0 ? -1 : (ssize_t)bytes;
    if (fault == GARBAGE)
        return write_inverted(file, from, bytes);
    return REAL(write)(file, from, bytes);
}

#define PASSING(kind, result, name, declared, ...)                                                                    \
    result name declared                                                                                              \
    {                                                                                                                 \
        int fault = turn(kind);                                                                                       \
        if (fault > 0)                                                                                                \
            FAIL((result)-1);                                                                                         \
        return REAL(name)(__VA_ARGS__);                                                                               \
    }
PASSING(FSYNC, int, fsync, (int file), file)
PASSING(RENAME, int, rename, (const char *from, const char *to), from, to)
PASSING(RENAME, int, renameat, (int a, const char *from, int b, const char *to), a, from, b, to)
PASSING(LINK, int, link, (const char *from, const char *to), from, to)
PASSING(LINK, int, linkat, (int a, const char *from, int b, const char *to, int flags), a, from, b, to, flags)
PASSING(UNLINK, int, unlink, (const char *path), path)
PASSING(UNLINK, int, unlinkat, (int folder, const char *path, int flags), folder, path, flags)
PASSING(MKDIR, int, mkdir, (const char *path, mode_t mode), path, mode)
PASSING(STAT, int, stat64, (const char *path, struct stat64 *to), path, to)
PASSING(STAT, int, lstat64, (const char *path, struct stat64 *to), path, to)
PASSING(STAT, int, fstat64, (int file, struct stat64 *to), file, to)
PASSING(STAT, int, stat, (const char *path, struct stat *to), path, to)
PASSING(STAT, int, lstat, (const char *path, struct stat *to), path, to)
PASSING(STAT, int, fstat, (int file, struct stat *to), file, to)
PASSING(STAT, int, fstatat64, (int folder, const char *path, struct stat64 *to, int flags), folder, path, to, flags)
PASSING(SEEK, off64_t, lseek64, (int file, off64_t to, int whence), file, to, whence)
PASSING(CHMOD, int, fchmod, (int file, mode_t mode), file, mode)
PASSING(LOCK, int, flock, (int file, int operation), file, operation)

DIR *opendir(const char *path)
{
    int fault = turn(LIST);
    if (fault > 0)
        FAIL(NULL);
    return REAL(opendir)(path);
}

static int duplicating(const char *symbol, int file, int command, long argument)
{
    int fault = command == F_DUPFD || command == F_DUPFD_CLOEXEC ? turn(DUP) : 0;
    if (fault > 0)
        FAIL(-1);
    return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, symbol))(file, command, argument);
}

#define DUPLICATING(name)                                                                                             \
    int name(int file, int command, ...)                                                                              \
    {                                                                                                                 \
        va_list more;                                                                                                 \
        va_start(more, command);                                                                                      \
        long argument = va_arg(more, long);                                                                           \
        va_end(more);                                                                                                 \
        return duplicating(#name, file, command, argument);                                                           \
    }
DUPLICATING(fcntl)
DUPLICATING(fcntl64)

int close(int file) /* which frees the number even where it fails, as Linux does */
{
    int fault = turn(CLOSE);
    int result = REAL(close)(file);
    if (fault > 0)
        FAIL(-1);
    return result;
}
