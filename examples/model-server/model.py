"""The model that the Go server asks: handwritten digits, 8 x 8 pixels, told apart by a support vector machine."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

_model = SVC(gamma=0.001)
_images, _labels = load_digits(return_X_y=True)  # 1,797 images that scikit-learn ships
_train, _test, _train_labels, _test_labels = train_test_split(_images, _labels, test_size=0.5, random_state=0)


def train(worker: int) -> None:
    """What each worker begins with."""
    _model.fit(_train, _train_labels)
    print(f"trained on {len(_train)} images: {_model.score(_test, _test_labels):.1%} of {len(_test)} others are told right")


def predict(images: np.ndarray, digits: np.ndarray) -> None:
    """Puts the digit of each image into `digits`: both are Go's own memory."""
    digits[:] = _model.predict(images)


def examples() -> dict[str, np.ndarray]:
    """Images that the model has not seen, and what they show."""
    return {"images": _test, "digits": _test_labels}
