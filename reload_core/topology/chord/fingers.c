/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which peer serves which part of the ring as a finger, and which parts lack one. */
#include "reload_core/topology/chord/fingers.h"

void reload_fingers_init(ReloadFingers *table, ReloadRingPoint self)
{
	memset(table, 0, sizeof(*table));
	table->self = self;
}

ReloadRingPoint reload_fingers_start(const ReloadFingers *table, unsigned i)
{
	return reload_ring_add(table->self, reload_ring_power(RELOAD_RING_BITS - i));
}

ReloadRingPoint reload_fingers_point(const ReloadFingers *table, unsigned i,
				     const uint8_t random[RELOAD_RING_BYTES])
{
	/* RFC 6940, 10.7.4.2: a random point is better than strict spacing. */
	ReloadRingPoint width = reload_ring_power(RELOAD_RING_BITS - i);
	ReloadRingPoint one = {0, 1};
	ReloadRingPoint mask = reload_ring_distance(one, width);
	ReloadRingPoint offset;

	reload_ring_point_from_span((ReloadSpan){random, RELOAD_RING_BYTES}, &offset);
	offset.hi &= mask.hi;
	offset.lo &= mask.lo;
	return reload_ring_add(reload_fingers_start(table, i), offset);
}

unsigned reload_fingers_index(const ReloadFingers *table, const ReloadNodeId *id)
{
	return reload_ring_finger_of(
	    reload_ring_distance(table->self, reload_ring_point_from_node_id(id)));
}

static bool among(const ReloadNodeId *const *ids, size_t count, const ReloadNodeId *id)
{
	for (size_t i = 0; i < count; i++)
		if (reload_node_id_equal(ids[i], id))
			return true;
	return false;
}

void reload_fingers_rebuild(ReloadFingers *table, const ReloadNodeId *const *ids, size_t count)
{
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++) {
		ReloadFinger *f = &table->entry[i];

		if (f->id.len != 0 && !among(ids, count, &f->id)) {
			f->id.len = 0;
			f->failed = true;
		}
	}
	for (size_t n = 0; n < count; n++) {
		ReloadFinger *f = &table->entry[reload_fingers_index(table, ids[n])];

		if (f == &table->entry[0] || f->id.len != 0)
			continue;
		f->id = *ids[n];
		f->failed = false;
		f->candidate.len = 0;
	}
}

bool reload_fingers_have(const ReloadFingers *table, const ReloadNodeId *id)
{
	unsigned i = reload_fingers_index(table, id);

	return i != 0 && reload_node_id_equal(&table->entry[i].id, id);
}

void reload_fingers_suggest(ReloadFingers *table, const ReloadNodeId *id)
{
	ReloadFinger *f = &table->entry[reload_fingers_index(table, id)];

	if (f != &table->entry[0] && f->id.len == 0 && f->candidate.len == 0)
		f->candidate = *id;
}

bool reload_fingers_lacks(const ReloadFingers *table, unsigned i, ReloadRingPoint covered)
{
	ReloadRingPoint last, reach;

	if (table->entry[i].id.len != 0 || (i > RELOAD_FINGERS_WANTED && !table->entry[i].failed))
		return false;
	/* RFC 6940, 10.7.4.3: no search where the Neighbor Table has the answer. */
	last = reload_ring_distance((ReloadRingPoint){0, 1},
				    reload_ring_add(reload_fingers_start(table, i),
						    reload_ring_power(RELOAD_RING_BITS - i)));
	reach = reload_ring_distance(table->self, covered);
	return reload_ring_compare(reload_ring_distance(table->self, last), reach) > 0;
}
