/* Thread markers: which thread may call a function, and which names the library exports. */
#ifndef GD_ATTRS_H
#define GD_ATTRS_H

/* clang 20 and later check these at compile time; elsewhere they are words for the reader. */
#if defined(__clang__) && __clang_major__ >= 20
#define GD_RT __attribute__((nonblocking)) /* audio thread: no allocation, lock, system call or log */
#else
#define GD_RT
#endif
#define GD_CTL /* control thread (Python): may allocate, lock and call the system */
#define GD_ANY /* any thread: touches only its arguments or named atomics */

#endif
