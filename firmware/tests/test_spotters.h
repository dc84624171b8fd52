/* The spotter, which is compiled for one model, of each of its three kinds. */
#ifndef TEST_SPOTTERS_H
#define TEST_SPOTTERS_H

/* One round of each: a random network, sound in chunks, inferences at random times. */
void test_spotter_of_windows(void);
void test_spotter_of_hops(void);
void test_endless_spotter(void);

#endif
