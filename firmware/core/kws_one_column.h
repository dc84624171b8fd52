/* What the layers over runs ask first: whether there is but a column to compute, as at a hop. */
#ifndef KWS_ONE_COLUMN_H
#define KWS_ONE_COLUMN_H

#include "kws_dsp.h"
#include "kws_network.h"

/* Whether a layer over runs makes one column, of plain scales and all inside of its row: from the row's beginning. */
KWS_INLINE int32_t kws_one_inside(const kws_window *layer) {
    return layer->out_width == 1 && layer->out_height == 1 && layer->band_rows && layer->pad_left == 0 &&
           layer->kernel_width <= layer->in_width;
}

#endif
