/* PortAudio's callback, on the thread of its stream: turns interleaved samples into planes and back. The stream itself is
 * sounddevice's. */
#include "devices.h"

enum { INPUT_UNDERFLOW = 1, INPUT_OVERFLOW = 2, OUTPUT_UNDERFLOW = 4, OUTPUT_OVERFLOW = 8 }; /* portaudio.h: statusFlags */

GD_RT static void run_part(GdCaller *caller, const float *in, float *out, uint32_t frames, uint32_t flags)
{
    for (uint32_t c = 0; c < caller->device_ins; ++c)
        for (uint32_t i = 0; i < frames; ++i)
            caller->in[c][i] = in ? in[(size_t)i * caller->device_ins + c] : 0.0f;
    gd_caller_run(caller, NULL, NULL, frames, flags);
    for (uint32_t c = 0; out && c < caller->device_outs; ++c)
        for (uint32_t i = 0; i < frames; ++i)
            out[(size_t)i * caller->device_outs + c] = caller->out[c][i];
}

int gd_portaudio_callback(const void *in, void *out, unsigned long frames, const void *time, unsigned long flags, void *user)
{
    (void)time;
    GdCaller *caller = user;
    const float *source = in;
    float *target = out;
    bool lost = flags & (INPUT_UNDERFLOW | INPUT_OVERFLOW | OUTPUT_UNDERFLOW | OUTPUT_OVERFLOW);
    for (unsigned long done = 0; done < frames;) {
        uint32_t count = frames - done < caller->block ? (uint32_t)(frames - done) : caller->block;
        run_part(caller, source ? source + done * caller->device_ins : NULL, target ? target + done * caller->device_outs : NULL,
                 count, lost && !done ? GD_CALL_XRUN : 0);
        done += count;
    }
    return 0;
}
