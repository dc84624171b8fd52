/* Lines from the serial port, put together from whatever has arrived; nothing here waits. */
#ifndef KWS_COMMANDS_H
#define KWS_COMMANDS_H

#include <Arduino.h>

enum { KWS_COMMAND = 72 }; /* bytes: a label, and some */

/* The next whole line, without its end and the spaces around it, or NULL. "?" stands for one that is too long. */
static const char *kws_command() {
    static char line[KWS_COMMAND];
    static unsigned length = 0;
    static bool ended = false, too_long = false;
    if (ended) length = 0, ended = too_long = false;
    while (Serial.available() > 0) {
        const char letter = (char)Serial.read();
        if (letter == '\n' || letter == '\r') {
            while (length && line[length - 1] == ' ') length--;
            line[length] = 0;
            ended = true;
            if (too_long) return "?";
            if (length) return line;
            ended = false; /* an empty line, or the second half of a line's end */
        } else if (length + 1 == sizeof line) {
            too_long = true;
        } else if (length || letter != ' ') {
            line[length++] = letter;
        }
    }
    return NULL;
}

#endif
