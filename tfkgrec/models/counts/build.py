"""The model that only counts, from its settings, the training positives and the graph."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.counts.features import factors_of, facts_of, item_counts
from tfkgrec.models.counts.model import Counts, CountsSizes
from tfkgrec.models.counts.settings import CountsSettings


def build(settings: CountsSettings, context: BuildContext) -> Counts:
    """A built model with its counts; what they weigh is fitted on validation.

    Raises:
        InputError: there are triples, and none says anything of an item.
    """
    dataset, history = context.dataset, context.history
    if len(dataset.graph):
        dataset.check_item_heads()  # a graph that says nothing of items is not passed over in silence
    facts = facts_of(dataset, settings.max_fields, settings.max_values, context.rng)
    factors = factors_of(history, dataset.items.size, settings.factors, context.rng)
    sizes = CountsSizes(
        num_users=dataset.users.size,
        num_items=dataset.items.size,
        num_positives=len(history.items),
        longest_history=max(1, int(history.lengths.max())),
        num_fields=len(facts.field_relation),
        num_values=len(facts.value_entity),
        values_per_field=settings.max_values,
        num_facts=len(facts.fact_item),
        num_factors=settings.factors,
    )
    model = Counts.from_settings(sizes)
    model.build()
    model.set_table("history_item", history.items)
    model.set_table("history_offset", history.offsets)
    for name in ("field_relation", "item_value", "fact_item", "fact_value", "value_entity"):
        model.set_table(name, getattr(facts, name))
    model.value_weight.assign(facts.value_weight)
    model.given.assign(factors.given)
    model.asked.assign(factors.asked)
    model.item_counts.assign(item_counts(history, facts))
    return model
