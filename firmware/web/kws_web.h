/* The format of a model's words and what there is room for: kws_web.c and kwslib/page/words.py, which reads this file. */
#ifndef KWS_WEB_H
#define KWS_WEB_H

enum limits {
    FORMAT = 0x3153574b,   /* "KWS1" */
    MODEL_WORDS = 1 << 18, /* the board's 1 MB of flash */
    ARENA_BYTES = 1 << 18, /* the board's 256 KB of RAM */
    LAYERS_MAX = 256,
    STEPS_MAX = 1024,
    FILLS_MAX = 256
};

/* In a step: MOVE for a layer; INPUT and OUTPUT, which are added to an offset into them. */
enum places { MOVE = -1, INPUT = 1 << 24, OUTPUT = 1 << 25 };

/* Of layers: the names of the functions. */
enum kinds {
    CONVOLUTION,
    DEPTHWISE,
    AVERAGE_POOL,
    DENSE,
    SPARSE,
    PACKED_CONVOLUTION,
    PACKED_DENSE,
    MEAN,
    SUM,
    SOFTMAX,
    RUN_CONVOLUTION,
    RUN_DEPTHWISE,
    RUN_COLUMN,
    DEPTH_COLUMN,
    KINDS
};

#endif
