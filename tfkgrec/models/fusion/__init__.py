"""Fusion: the package's models as one, frozen and weighed on validation."""

from tfkgrec.models.fusion.settings import FusionSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="fusion",
    title="Fusion",
    summary="trained models and counts, frozen, their logits weighed on validation",
    explains="what each model and each count adds, which sums to the logit, and every model's own reasons under it",
    citation=Citation("L. Breiman", "Stacked Regressions", "Machine Learning 24", 1996, "10.1007/BF00117832"),
    protocols=("ctr",),
    settings=FusionSettings,
    build="tfkgrec.models.fusion.build:build",
    keras_name="tfkgrec>Fusion",
    explain_text="tfkgrec.models.fusion.explain_text:explain_text",
    ablations={"no-graph": ("model.graph=false",)},
    stages=0,
    defaults={"training": {"calibrate": True}},
)
