/* Stand-in: Arduino finds TensorFlow Lite Micro's library by this name. */
