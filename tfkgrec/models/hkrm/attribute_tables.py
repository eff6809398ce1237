"""Side tables of what items have, field by field: for models that read attributes."""

from typing import NamedTuple

from keras import ops

from tfkgrec.layers.distinct import spread
from tfkgrec.layers.sorted_pairs import first_not_below
from tfkgrec.models.recommender import Recommender
from tfkgrec.types import Tensor

ATTRIBUTE_TABLES = (
    *("field_relation", "item_slot", "slot_item", "slot_field"),
    *("value_slot", "value_entity", "entity_ids"),
)
"""Side tables filled from the attributes of the same names in `Attributes`."""


class AttributeSizes(NamedTuple):
    """Rows of a model's tables, row 0 (padding, unknown) and slot 0 included; items are the first entities."""

    num_users: int
    num_items: int
    num_entities: int
    num_fields: int
    num_slots: int
    num_values: int
    max_values: int  # of a slot
    whole_histories: int | None = None  # items of all users, where these are stored whole
    fullest: list[int] | None = None  # values of the 1, 2, 4, ... items that have most (layers/distinct.py)


class Values(NamedTuple):
    """The values of some items [n], one behind the other."""

    entity: Tensor  # rows of the model's table [room], 0 behind the last one
    owner: Tensor  # whose they are, a place among the items [room]
    slot: Tensor  # owner A + field [room]; n A behind the last one


class AttributeTables(Recommender):
    """A `Recommender` that carries `Attributes`, only what items have: no row for an empty field."""

    sizes: AttributeSizes

    def add_attribute_tables(self, sizes: AttributeSizes) -> None:
        """Called by a subclass in its `build`."""
        self.field_relation = self.add_table("field_relation", (sizes.num_fields,))
        self.item_slot = self.add_table("item_slot", (sizes.num_items, sizes.num_fields))
        self.slot_item = self.add_table("slot_item", (sizes.num_slots,))
        self.slot_field = self.add_table("slot_field", (sizes.num_slots,))
        self.value_slot = self.add_table("value_slot", (sizes.num_values,))
        self.value_entity = self.add_table("value_entity", (sizes.num_values,))
        self.entity_ids = self.add_table("entity_ids", (sizes.num_entities,))  # the dataset's ids, for names

    def table_of(self, name: str) -> Tensor:
        """A whole side table as a tensor."""
        return ops.convert_to_tensor(getattr(self, name))

    def sum_over_values(self, of_entity: Tensor) -> Tensor:
        """What the values of every item add up to [I], given a number for every entity [E]."""
        owner = ops.take(self.table_of("slot_item"), self.table_of("value_slot"))
        values = ops.take(of_entity, self.table_of("value_entity"))
        return ops.segment_sum(values, owner, num_segments=self.num_items)

    def sum_over_slots(self, of_slot: Tensor) -> Tensor:
        """What the fields of every item add up to [I, d], given a vector for every slot [S, d]."""
        return ops.segment_sum(of_slot, self.table_of("slot_item"), num_segments=self.num_items)

    def values_of(self, item: Tensor) -> Tensor:
        """The entities of each of the item's fields, rows of the model's table [B, A, V], 0 pads."""
        slot = self.read_table("item_slot", item)  # [B, A]
        first = ops.expand_dims(self._first_value(slot), -1)
        step = ops.arange(self.sizes.max_values, dtype="int32")
        place = ops.minimum(first + step, self.sizes.num_values - 1)  # [B, A, V]
        own = ops.equal(self.read_table("value_slot", place), ops.expand_dims(slot, -1))
        there = ops.logical_and(own, first + step < self.sizes.num_values)
        return ops.where(there, self.read_table("value_entity", place), 0)

    def values_of_rows(self, item: Tensor, slot: Tensor, room: int) -> Values:
        """Of distinct items [n] (0 as often as one likes), whose slots [n, A] lie side by side; `room` has to do."""
        none, fields = ops.all(ops.equal(slot, 0), axis=1), self.sizes.num_fields
        lowest = ops.min(ops.where(slot > 0, slot, self.sizes.num_slots), axis=1)
        first = self._first_value(lowest)
        end = self._first_value(ops.max(slot, axis=1) + 1)
        owner, step, there = spread(ops.where(none, 0, end - first), room)
        place = ops.minimum(ops.take(first, owner) + step, self.sizes.num_values - 1)
        field = ops.take(self.table_of("slot_field"), self.read_table("value_slot", place))
        return Values(
            entity=ops.where(there, self.read_table("value_entity", place), 0),
            owner=owner,
            slot=ops.where(there, owner * fields + field, item.shape[0] * fields),
        )

    def _first_value(self, slot: Tensor) -> Tensor:
        """Where the values of slots of any shape begin; those of a slot behind the last one, where all end."""
        count = self.sizes.num_values
        low = ops.zeros_like(slot)
        return first_not_below(self.table_of("value_slot"), slot, low, low + count, count)
