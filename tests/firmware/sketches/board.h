/* The board of board.cpp as a stand-in of a spotter sees it. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_spend(uint64_t us); /* time goes by, with the microphone's interrupts in it */

#endif
