/* Stand-in for Nordic's and Arm's registers that the sketches touch. */
#ifndef STAND_IN_NRF_H
#define STAND_IN_NRF_H

#include <stdint.h>

struct stand_in_nvmc {
  uint32_t ICACHECNF, IHIT, IMISS;
};
struct stand_in_dwt {
  uint32_t CTRL, CYCCNT;
};
struct stand_in_core_debug {
  uint32_t DEMCR;
};
extern stand_in_nvmc *NRF_NVMC;
extern stand_in_dwt *DWT;
extern stand_in_core_debug *CoreDebug;

#endif
