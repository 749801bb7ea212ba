/* WAV files written by disk threads: RIFF WAVE of the IBM/Microsoft specification of 1991, with the broadcast extension's
 * time stamp (EBU Tech 3285) and 64-bit sizes where a file passes 4 GiB (RF64, EBU Tech 3306). */
#define _GNU_SOURCE
#include "wav.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { BEXT_BYTES = 602, DS64_BYTES = 28, FMT_BYTES = 16, PCM = 1, IEEE_FLOAT = 3 };
enum { BEXT_AT = 12 + 8 + DS64_BYTES, FMT_AT = BEXT_AT + 8 + BEXT_BYTES };
enum { HEADER_BYTES = FMT_AT + 8 + FMT_BYTES + 8 };
static const uint64_t LONGEST_RIFF_BYTES = UINT32_MAX;

static uint32_t frame_bytes(const GdWav *wav) { return wav->channels * wav->bits / 8; }

/* --- the header --- */

static unsigned char *put(unsigned char *at, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; ++i)
        *at++ = (unsigned char)(value >> 8 * i);
    return at;
}

static unsigned char *put_chunk(unsigned char *at, const char *name, uint32_t bytes)
{
    memcpy(at, name, 4);
    return put(at + 4, bytes, 4);
}

static unsigned char *put_broadcast(unsigned char *at, const GdWav *wav)
{
    char date[20] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local))
        strftime(date, sizeof date, "%Y-%m-%d%H:%M:%S", &local);
    at = put_chunk(at, "bext", BEXT_BYTES);
    memset(at, 0, BEXT_BYTES);
    memcpy(at + 256, "GraphDAW", 8);             /* who made it; before that, 256 bytes of description */
    memcpy(at + 320, date, 18);
    put(at + 338, wav->start, 8);
    put(at + 346, 1, 2);                         /* the extension's version */
    return at + BEXT_BYTES;
}

static int put_bytes(int file, const unsigned char *bytes, size_t count, uint64_t offset)
{
    while (count) {
        ssize_t done = pwrite(file, bytes, count, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : ENOSPC;
        bytes += done, count -= (size_t)done, offset += (uint64_t)done;
    }
    return 0;
}

static int put_header(GdWav *wav)
{
    unsigned char header[HEADER_BYTES], *at = header;
    const uint64_t data = wav->frames * frame_bytes(wav), riff = HEADER_BYTES - 8 + data + data % 2;
    const bool large = riff > LONGEST_RIFF_BYTES;
    at = put_chunk(at, large ? "RF64" : "RIFF", large ? UINT32_MAX : (uint32_t)riff);
    memcpy(at, "WAVE", 4);
    at = put_chunk(at + 4, large ? "ds64" : "JUNK", DS64_BYTES);
    at = put(put(put(put(at, riff, 8), data, 8), wav->frames, 8), 0, 4);
    at = put_broadcast(at, wav);
    at = put_chunk(at, "fmt ", FMT_BYTES);
    at = put(put(at, wav->bits == 32 ? IEEE_FLOAT : PCM, 2), wav->channels, 2);
    at = put(put(at, wav->sample_rate_hz, 4), (uint64_t)wav->sample_rate_hz * frame_bytes(wav), 4);
    at = put(put(at, frame_bytes(wav), 2), wav->bits, 2);
    put_chunk(at, "data", large ? UINT32_MAX : (uint32_t)data);
    return put_bytes(wav->file, header, sizeof header, 0);
}

/* --- the file --- */

int gd_wav_create(GdWav *wav, const char *path)
{
    wav->frames = wav->told = 0;
    wav->peak = 0.0f;
    wav->file = -1;
    wav->bytes = malloc((size_t)GD_WAV_CHUNK * frame_bytes(wav));
    if (!wav->bytes)
        return ENOMEM;
    wav->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int error = wav->file < 0 ? errno : 0;
    if (!error) {
        flock(wav->file, LOCK_EX | LOCK_NB); /* where a file system knows no locks, it does without */
        error = put_header(wav);
    }
    if (!error)
        return 0;
    if (wav->file >= 0) {
        unlink(path);
        close(wav->file);
        wav->file = -1;
    }
    gd_wav_let_go(wav);
    return error;
}

/* A sample as a number of that many bits, rounded; what is louder than full scale is cut off. */
static int32_t quantised(float sample, uint32_t bits)
{
    const double full = (double)(1 << (bits - 1)), value = nearbyint((double)sample * full);
    return (int32_t)(value > full - 1.0 ? full - 1.0 : value < -full ? -full : value);
}

static void encode(GdWav *wav, const float *samples, size_t count)
{
    unsigned char *at = wav->bytes;
    for (size_t i = 0; i < count; ++i) {
        const float sample = isfinite(samples[i]) ? samples[i] : 0.0f;
        uint32_t word;
        wav->peak = fmaxf(wav->peak, fabsf(sample));
        if (wav->bits == 32)
            memcpy(&word, &sample, sizeof word);
        else
            word = (uint32_t)quantised(sample, wav->bits);
        at = put(at, word, wav->bits / 8);
    }
}

int gd_wav_write(GdWav *wav, const float *samples, uint32_t count)
{
    const uint64_t offset = HEADER_BYTES + wav->frames * frame_bytes(wav);
    encode(wav, samples, (size_t)count * wav->channels);
    int error = put_bytes(wav->file, wav->bytes, (size_t)count * frame_bytes(wav), offset);
    if (!error) {
        wav->frames += count;
        return 0;
    }
    const off_t size = lseek(wav->file, 0, SEEK_END); /* a full disk takes the first part of a chunk */
    if (size > (off_t)offset)
        wav->frames += ((uint64_t)size - offset) / frame_bytes(wav);
    return error;
}

int gd_wav_tell(GdWav *wav, bool sync)
{
    int error = sync && fdatasync(wav->file) ? errno : 0; /* samples first: the header never tells of more than is there */
    if (!error && wav->told != wav->frames)
        error = put_header(wav);
    if (!error)
        wav->told = wav->frames;
    return error;
}

int gd_wav_finish(GdWav *wav)
{
    const uint64_t end = HEADER_BYTES + wav->frames * frame_bytes(wav);
    int error = end % 2 ? put_bytes(wav->file, (const unsigned char *)"", 1, end) : 0; /* chunks have an even length */
    if (!error && ftruncate(wav->file, (off_t)(end + end % 2)))
        error = errno;
    if (!error)
        error = gd_wav_tell(wav, false);
    if (!error && fsync(wav->file))
        error = errno;
    return error;
}

/* --- what a crash left --- */

static uint64_t get(const unsigned char *at, uint32_t bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; ++i)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

/* The header's form, as `put_header` writes it; whatever else stands there is not ours. */
static bool get_header(GdWav *wav)
{
    unsigned char header[HEADER_BYTES];
    if (pread(wav->file, header, sizeof header, 0) != (ssize_t)sizeof header || memcmp(header + 8, "WAVE", 4)
        || memcmp(header + BEXT_AT, "bext", 4) || memcmp(header + BEXT_AT + 8 + 256, "GraphDAW", 8)
        || memcmp(header + FMT_AT, "fmt ", 4) || memcmp(header + HEADER_BYTES - 8, "data", 4))
        return false;
    const unsigned char *format = header + FMT_AT + 8;
    wav->start = get(header + BEXT_AT + 8 + 338, 8);
    wav->channels = (uint32_t)get(format + 2, 2);
    wav->sample_rate_hz = (uint32_t)get(format + 4, 4);
    wav->bits = (uint32_t)get(format + 14, 2);
    return wav->channels && (wav->bits == 16 || wav->bits == 24 || wav->bits == 32);
}

int gd_wav_repair(GdWav *wav, const char *path)
{
    *wav = (GdWav){.file = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)}; /* a pipe of that name must not hold us */
    if (wav->file < 0)
        return errno;
    int error = flock(wav->file, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK ? EWOULDBLOCK : 0;
    if (!error && !get_header(wav))
        error = EILSEQ;
    if (!error) {
        const off_t size = lseek(wav->file, 0, SEEK_END);
        wav->frames = (uint64_t)(size - HEADER_BYTES) / frame_bytes(wav);
        wav->told = UINT64_MAX;
        error = gd_wav_finish(wav);
    }
    if (error) {
        close(wav->file);
        wav->file = -1;
    }
    return error;
}

void gd_wav_let_go(GdWav *wav)
{
    free(wav->bytes);
    wav->bytes = NULL;
}
