/* The log: lines that tell when one of them is lost or damaged, sent without ever waiting for the serial port.
 *
 *   TEXT,SEQUENCE*CHECK
 *
 * SEQUENCE counts the lines since reset. CHECK is the CRC-16 (CCITT, polynomial 0x1021, from 0xFFFF) of all before the
 * star, in four hexadecimal digits. A line for which the queue has no room is dropped whole; its number shows the gap.
 */
#ifndef KWS_LOG_H
#define KWS_LOG_H

#include <stdint.h>

/* A line is written piece by piece: its beginning, fields, its end. */
void kws_log_begin(const char *text);
void kws_log_text(const char *text);       /* as it is */
void kws_log_field(const char *text);      /* after a comma */
void kws_log_field(unsigned long number);  /* after a comma */
void kws_log_number(unsigned long number); /* as it is */
void kws_log_end();

/* Hands the port what it takes at once; forgets all, when nobody is connected. */
void kws_log_send();

/* Lines that were dropped because a connected computer did not read. */
uint32_t kws_log_dropped();

uint16_t kws_crc16(const void *bytes, uint32_t count);

#endif
