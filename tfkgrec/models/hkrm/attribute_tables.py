"""Side tables of what items have, field by field: for models that read attributes."""

from typing import Any

from keras import ops

from tfkgrec.models.recommender import Recommender

ATTRIBUTE_TABLES = (
    *("field_relation", "item_slot", "slot_item", "slot_field"),
    *("value_slot", "value_entity", "entity_ids"),
)
"""Side tables filled from the attributes of the same names in `data.attributes.Attributes`."""


class AttributeTables(Recommender):
    """A `Recommender` that carries `data.attributes.Attributes`, only what items have: no row for an empty field."""

    num_slots: int
    num_values: int
    max_values: int

    def add_attribute_tables(self, num_fields: int, num_entities: int) -> None:
        """Called by a subclass in its `build`."""
        self.field_relation = self.add_table("field_relation", (num_fields,))
        self.item_slot = self.add_table("item_slot", (self.num_items, num_fields))
        self.slot_item = self.add_table("slot_item", (self.num_slots,))
        self.slot_field = self.add_table("slot_field", (self.num_slots,))
        self.value_slot = self.add_table("value_slot", (self.num_values,))
        self.value_entity = self.add_table("value_entity", (self.num_values,))
        self.entity_ids = self.add_table("entity_ids", (num_entities,))  # the dataset's ids, for names

    def table_of(self, name: str) -> Any:
        """A whole side table as a tensor."""
        return ops.convert_to_tensor(getattr(self, name))

    def sum_over_values(self, of_entity: Any) -> Any:
        """What the values of every item add up to [I], given a number for every entity [E]."""
        owner = ops.take(self.table_of("slot_item"), self.table_of("value_slot"))
        values = ops.take(of_entity, self.table_of("value_entity"))
        return ops.segment_sum(values, owner, num_segments=self.num_items)

    def sum_over_slots(self, of_slot: Any) -> Any:
        """What the fields of every item add up to [I, d], given a vector for every slot [S, d]."""
        return ops.segment_sum(of_slot, self.table_of("slot_item"), num_segments=self.num_items)

    def values_of(self, item: Any) -> Any:
        """The entities of each of the item's fields, as the dataset numbers them [B, A, V], 0 pads."""
        slot = self.read_table("item_slot", item)  # [B, A]
        value_slot = self.table_of("value_slot")
        counts = ops.segment_sum(ops.ones_like(value_slot), value_slot, num_segments=self.num_slots)
        starts = ops.cumsum(counts) - counts
        step = ops.arange(self.max_values, dtype="int32")
        place = ops.expand_dims(ops.take(starts, slot), -1) + step  # [B, A, V]
        there = ops.logical_and(step < ops.expand_dims(ops.take(counts, slot), -1), ops.expand_dims(slot > 0, -1))
        entity = self.read_table("value_entity", ops.minimum(place, self.num_values - 1))
        return self.read_table("entity_ids", ops.where(there, entity, 0))
