/* Layers of networks whose only axis is time: run_convolution and run_depthwise, their
 * single columns, sum, mean. */
#ifndef TEST_LAYERS_IN_TIME_H
#define TEST_LAYERS_IN_TIME_H

/* One round of each, of random shapes and numbers. */
void test_layers_in_time(void);

#endif
