"""The pages. Gradio reads its environment when it is imported, so it is told here to stay offline."""

import os

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1")
