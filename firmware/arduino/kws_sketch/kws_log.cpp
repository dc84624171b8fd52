/* See kws_log.h. */
#include "kws_log.h"

#include <Arduino.h>

static const uint32_t QUEUE = 4096;          /* bytes: about three seconds of lines */
static const uint32_t LINE = 1200, END = 20; /* bytes: sixteen labels of 64; what kws_log_end adds */

static uint8_t queue[QUEUE];
static uint32_t queued = 0, sent = 0; /* bytes so far */
static char line[LINE];
static uint32_t length = 0, sequence = 0, dropped = 0;

uint16_t kws_crc16(const void *bytes, uint32_t count) {
    uint32_t crc = 0xFFFF;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= (uint32_t)((const uint8_t *)bytes)[i] << 8;
        for (int bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
    }
    return (uint16_t)crc;
}

static void append(const char *text, uint32_t most) {
    while (*text && length < most) line[length++] = *text++;
}

static void append(unsigned long number, uint32_t most) {
    char digits[21], *first = digits + sizeof digits - 1;
    *first = 0;
    do *--first = (char)('0' + number % 10);
    while (number /= 10);
    append(first, most);
}

void kws_log_begin(const char *text) {
    length = 0;
    kws_log_text(text);
}

void kws_log_text(const char *text) { append(text, LINE - END); }
void kws_log_number(unsigned long number) { append(number, LINE - END); }

void kws_log_field(const char *text) {
    kws_log_text(",");
    kws_log_text(text);
}

void kws_log_field(unsigned long number) {
    kws_log_text(",");
    kws_log_number(number);
}

void kws_log_end() {
    append(",", LINE);
    append(sequence++, LINE);
    const uint16_t crc = kws_crc16(line, length);
    append("*", LINE);
    for (int shift = 12; shift >= 0; shift -= 4) line[length++] = "0123456789ABCDEF"[crc >> shift & 15];
    append("\r\n", LINE);
    if (!Serial.connected()) return;
    if (length > QUEUE - (queued - sent)) {
        dropped++;
        return;
    }
    for (uint32_t i = 0; i < length; i++) queue[(queued + i) % QUEUE] = (uint8_t)line[i];
    queued += length;
}

void kws_log_send() {
    if (!Serial.connected()) sent = queued;
    const uint32_t start = sent % QUEUE, until_end = QUEUE - start, waiting = queued - sent;
    if (waiting == 0) return;
    uint32_t taken = 0;
    Serial.send_nb(queue + start, waiting < until_end ? waiting : until_end, &taken, true);
    sent += taken;
}

uint32_t kws_log_dropped() { return dropped; }
