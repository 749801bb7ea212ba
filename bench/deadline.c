/* What a machine can hold: a loop that wakes every `period`, computes for `work` and counts how often it ends after the
 * next wake. Arguments: period and work in microseconds, and how many rounds. Prints the mean in microseconds, the longest,
 * and the late ones; one line. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static void compute(long turns)
{
    for (volatile long k = 0; k < turns; ++k)
        ;
}

/* Turns a microsecond, the best of many: no other program was in between. */
static double turns_per_us(void)
{
    double best = 0.0;
    for (int k = 0; k < 200; ++k) {
        const double begin = now_us();
        compute(100000);
        const double rate = 1e5 / (now_us() - begin);
        best = rate > best ? rate : best;
    }
    return best;
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    const double period = atof(arguments[1]);
    const long turns = (long)(atof(arguments[2]) * turns_per_us());
    const int rounds = atoi(arguments[3]);
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 65});
    double due = now_us(), sum = 0.0, longest = 0.0;
    int late = 0;
    for (int k = 0; k < rounds; ++k) {
        due += period;
        if (due > now_us()) {
            const struct timespec until = {(time_t)(due / 1e6), (long)(1e3 * (due - 1e6 * (double)(time_t)(due / 1e6)))};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        }
        const double begin = now_us();
        compute(turns);
        const double took = now_us() - begin;
        sum += took;
        late += took > period;
        longest = took > longest ? took : longest;
    }
    printf("%.0f %.0f %d\n", sum / rounds, longest, late);
    return 0;
}
