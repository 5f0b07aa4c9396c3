"""The jobs on rillet; see serve.py."""

import numpy as np
from models import mnist_cnn, resnet8
from serve import ADDS, BATCHES, FIT_BATCH, SAMPLES, arguments, peak_bytes, serve

import rillet
from rillet import keras

VERSION = rillet.__version__
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def trained(model):
    return sum(v.size for v in model.trainable_weights)


def main():
    job, threads = arguments()
    imported = peak_bytes()
    rillet.set_num_threads(threads)
    random = np.random.default_rng(0)
    if job in BATCHES:
        model = resnet8(keras)
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9), LOSS)
        x = random.standard_normal((BATCHES[job], 32, 32, 3), np.float32)
        y = random.integers(0, 10, len(x)).astype(np.int32)
        serve(lambda: model.train_on_batch(x, y), trained(model), VERSION, imported)
    elif job == "add":
        a, b = rillet.constant(np.ones(4, np.float32)), rillet.constant(np.ones(4, np.float32))

        def run():
            for _ in range(ADDS):
                a + b

        serve(run, 0, VERSION, imported, ADDS)
    else:
        model = mnist_cnn(keras)
        model.compile("adam", LOSS, metrics=["accuracy"])
        x = random.random((SAMPLES, 28, 28, 1), np.float32)
        y = random.integers(0, 10, SAMPLES).astype(np.int32)
        serve(lambda: model.fit(x, y, FIT_BATCH, verbose=0), trained(model), VERSION, imported, warm=1)


main()
