/* The layer of kws_sparse.h. */
#include "kws_sparse.h"

#include "kws_requantize.h"

void kws_sparse_layer(const kws_sparse *layer, const int8_t *input, int8_t *output) {
    const kws_requantize *requantize = &layer->output;
    const uint8_t *group = layer->groups;
    for (int32_t n = 0; n < layer->outputs; n++) {
        const int8_t *in = input;
        int32_t sum = requantize->bias[n];
        KWS_ROLLED
        for (const uint8_t *end = group + 8 * layer->counts[n]; group < end; group += 8) {
            const uint32_t gaps = kws_load(group), weights = kws_load(group + 4);
            const int8_t *a = in + (gaps & 0xff), *b = a + (gaps >> 8 & 0xff), *c = b + (gaps >> 16 & 0xff);
            in = c + (gaps >> 24);
            sum = kws_smlad(kws_pack(*a, *c), kws_sxtb16(weights), sum);
            sum = kws_smlad(kws_pack(*b, *in), kws_sxtb16_ror8(weights), sum);
        }
        const int32_t x = kws_rescale_once(sum, requantize->multiplier[n], requantize->shift[n]);
        output[n] = kws_clamp(x + requantize->zero_point, requantize->min, requantize->max);
    }
}
