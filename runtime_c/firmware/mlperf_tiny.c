#include "mlperf_tiny.h"

#include <string.h>

#include "../port/port.h"
#include "model.h"

#define COMMAND_BYTES 80u
#define BYTES_A_LINE 8u /* of `db print` */

static struct {
    uint32_t length; /* of the command so far; beyond COMMAND_BYTES: too long */
    uint32_t loaded, expected; /* bytes of the input, see `db` */
    uint32_t last; /* what port_ticks() said then, when the clock stood at `ticks` */
    uint64_t ticks;
    char command[COMMAND_BYTES + 1u];
} state;

static void say(const char *text)
{
    uint32_t length = 0;
    while (text[length] != 0) {
        ++length;
    }
    port_write((const uint8_t *)text, length);
}

static void say_number(uint64_t value)
{
    char digits[21];
    uint32_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    say(digits + at);
}

/* Three decimals, as the runner's own reports have. */
static void say_thousandths(float value)
{
    char decimals[5] = ".000";
    uint64_t all;
    if (value < 0.0f) {
        say("-");
        value = -value;
    }
    all = (uint64_t)(value * 1000.0f + 0.5f);
    for (uint32_t i = 3, rest = (uint32_t)(all % 1000u); i > 0; --i, rest /= 10u) {
        decimals[i] = (char)('0' + rest % 10u);
    }
    say_number(all / 1000u);
    say(decimals);
}

static void say_error(const char *text)
{
    say("e-[");
    say(text);
    say("]\r\n");
}

/* The next word from *at, which moves behind it; NULL: there is none. */
static char *word(char **at)
{
    char *start = *at, *end;
    while (*start == ' ') {
        ++start;
    }
    for (end = start; *end != 0 && *end != ' '; ++end) {
    }
    *at = *end != 0 ? end + 1 : end;
    *end = 0;
    return *start != 0 ? start : NULL;
}

static int same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        ++a;
        ++b;
    }
    return *a == *b;
}

/* A decimal number, at most `most`; -1: `text` is none. */
static int32_t number(const char *text, int32_t most)
{
    int32_t value = 0;
    do {
        if (*text < '0' || *text > '9' || value > (most - (*text - '0')) / 10) {
            return -1;
        }
        value = 10 * value + (*text - '0');
    } while (*++text != 0);
    return value;
}

/* Must be called before the counter has wrapped, so before and after each inference. */
static void advance_clock(void)
{
    uint32_t now = port_ticks();
    state.ticks += now - state.last;
    state.last = now;
}

/* Microseconds; instructions where the port counts those. */
static void timestamp(void)
{
    uint32_t hz = port_tick_hz();
    advance_clock();
    say("m-lap-us-");
    say_number(hz == 0 ? state.ticks : state.ticks / hz * 1000000u + state.ticks % hz * 1000000u / hz);
    say("\r\n");
}

static void profile(void)
{
    say("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    say(fw_mlperf_tiny.model);
    say("]\r\n");
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void load(const char *count)
{
    int32_t bytes = count ? number(count, INT32_MAX) : -1;
    if (bytes <= 0) {
        say_error("Command 'db load' requires a number of bytes above 0");
    } else if ((uint32_t)bytes != fw_mlperf_tiny.raw_bytes) {
        state.expected = 0;
        say("e-[The model takes ");
        say_number(fw_mlperf_tiny.raw_bytes);
        say(" bytes]\r\n");
    } else {
        state.expected = (uint32_t)bytes;
        state.loaded = 0;
        say("m-[Expecting ");
        say_number(state.expected);
        say(" bytes]\r\n");
    }
}

static void take_hex(const char *digits)
{
    if (state.expected == 0) {
        say_error("Command 'db load' comes first");
        return;
    }
    for (; digits[0] != 0 && state.loaded < state.expected; digits += 2) {
        int high = hex_digit(digits[0]), low = digits[1] != 0 ? hex_digit(digits[1]) : -1;
        if (high < 0 || low < 0) {
            say_error(digits[1] != 0 ? "Invalid hex digit" : "Insufficient number of hex digits");
            return;
        }
        fw_mlperf_tiny.raw[state.loaded++] = (uint8_t)(high << 4 | low);
        if (state.loaded == state.expected) {
            say("m-load-done\r\n"); /* further digits are disregarded */
        }
    }
}

static void print_raw(void)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < state.loaded; ++i) {
        uint8_t byte = fw_mlperf_tiny.raw[i];
        char text[3] = {hex[byte >> 4], hex[byte & 15u], 0};
        say(i % BYTES_A_LINE == 0 ? "m-buffer-" : "-");
        say(text);
        if (i % BYTES_A_LINE == BYTES_A_LINE - 1 || i + 1 == state.loaded) {
            say("\r\n");
        }
    }
}

static void db(char *rest)
{
    const char *sub = word(&rest);
    if (sub == NULL) {
        say_error("Command 'db' requires a subcommand");
    } else if (same(sub, "load")) {
        load(word(&rest));
    } else if (same(sub, "print")) {
        print_raw();
    } else {
        take_hex(sub);
    }
}

static float raw_float(uint32_t index)
{
    float value;
    memcpy(&value, fw_mlperf_tiny.raw + 4u * index, 4);
    return value;
}

/* As the QUANTIZE operator does it: to nearest, halves away from zero. */
static int8_t quantized(float value, const rlt_view *view)
{
    float scaled = value / view->scale;
    float limit = 512.0f; /* beyond what int8 can hold, whatever the zero point; also keeps the cast defined */
    int32_t whole;
    scaled = scaled > -limit ? (scaled < limit ? scaled : limit) : -limit;
    whole = (int32_t)(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f) + view->zero_point;
    return (int8_t)(whole < -128 ? -128 : whole > 127 ? 127 : whole);
}

/* Before every inference, since the input's memory serves other tensors later in it. */
static void fill_input(const rlt_session *session)
{
    rlt_view input = rlt_session_input(session, 0);
    int8_t *to = input.data;
    for (uint32_t i = 0; i < input.bytes; ++i) {
        to[i] = fw_mlperf_tiny.kind == MLPERF_TINY_ANOMALY  ? quantized(raw_float(i), &input)
                : fw_mlperf_tiny.kind == MLPERF_TINY_PIXELS ? (int8_t)(fw_mlperf_tiny.raw[i] ^ 0x80u)
                                                            : (int8_t)fw_mlperf_tiny.raw[i];
    }
}

static void results(const rlt_session *session)
{
    rlt_view output = rlt_session_output(session, 0);
    const int8_t *from = output.data;
    float error = 0.0f;
    say("m-results-[");
    for (uint32_t i = 0; i < output.bytes; ++i) {
        float value = output.scale * (float)(from[i] - output.zero_point);
        if (fw_mlperf_tiny.kind == MLPERF_TINY_ANOMALY) {
            float difference = value - raw_float(i);
            error += difference * difference;
        } else {
            say(i != 0 ? "," : "");
            say_thousandths(value);
        }
    }
    if (fw_mlperf_tiny.kind == MLPERF_TINY_ANOMALY) {
        say_thousandths(error / (float)output.bytes);
    }
    say("]\r\n");
}

/* Runs the model `count` times; 0 when it failed. */
static int repeat(rlt_session *session, int32_t count)
{
    for (; count > 0; --count) {
        fill_input(session);
        if (rlt_session_invoke(session) != RLT_OK) {
            say_error("A step of the model failed");
            return 0;
        }
        advance_clock();
    }
    return 1;
}

static void infer(rlt_session *session, char *rest)
{
    const char *first = word(&rest), *second = word(&rest);
    int32_t count = first ? number(first, INT32_MAX) : 1, warm_up = second ? number(second, INT32_MAX) : 10;
    if (count <= 0) {
        say_error("Inference iterations must be >0");
    } else if (warm_up < 0) {
        say_error("Inference warmup must be >=0");
    } else if (state.expected == 0 || state.loaded != state.expected) {
        say_error("The input has not been loaded: 'db load' and 'db'");
    } else {
        say("m-warmup-start-");
        say_number((uint64_t)warm_up);
        say("\r\n");
        if (!repeat(session, warm_up)) {
            return;
        }
        say("m-warmup-done\r\nm-infer-start-");
        say_number((uint64_t)count);
        say("\r\n");
        timestamp();
        if (!repeat(session, count)) {
            return;
        }
        timestamp();
        say("m-infer-done\r\n");
        results(session);
    }
}

static void execute(char *command, rlt_session *session)
{
    const char *name = word(&command);
    if (name == NULL) {
        return;
    }
    if (same(name, "name")) {
        say("m-name-dut-[");
        say(fw_board);
        say("]\r\n");
    } else if (same(name, "profile")) {
        profile();
    } else if (same(name, "timestamp")) {
        timestamp();
    } else if (same(name, "db")) {
        db(command);
    } else if (same(name, "help")) {
        say("name, profile, timestamp, db load N, db HH.., db print, infer N [W], results: each ends with %\r\n");
    } else if (!same(name, "infer") && !same(name, "results")) {
        say("e-[Unknown command: ");
        say(name);
        say("]\r\n");
    } else if (session == NULL) {
        say_error("The device holds no model");
    } else if (name[0] == 'i') {
        infer(session, command);
    } else {
        results(session);
    }
}

int mlperf_tiny_byte(uint8_t byte, rlt_session *session)
{
    if (byte == '%') {
        if (state.length > COMMAND_BYTES) {
            say_error("Command too long");
        } else {
            state.command[state.length] = 0;
            execute(state.command, session);
        }
        state.length = 0;
        say("m-ready\r\n");
        return 1;
    }
    if (byte < ' ' || byte > '~') {
        state.length = 0; /* a line's end, or noise */
    } else if (state.length < COMMAND_BYTES) {
        state.command[state.length++] = (char)byte;
    } else {
        state.length = COMMAND_BYTES + 1u;
    }
    return 0;
}
