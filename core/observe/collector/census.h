/* What the collector freed: objects in cycles, by their type and by who made them. */
#ifndef WJ_CENSUS_H
#define WJ_CENSUS_H

#include "sites.h"

/* Before a collection of ``generation`` and those below, and after it, when it has
   ``collected`` so many. Need the GIL. */
void wj_census_before(int generation);
void wj_census_after(int64_t collected);

/* Tell of ``count`` objects of a type, of which those with a site were made there. */
typedef void (*wj_census_tell)(const char *type, uint32_t site, int64_t count);

/* Tell what was counted since the last time. Types of which no object was sampled are
   kept for later, unless this is the ``last`` time. Needs the GIL. */
void wj_census_report(wj_census_tell tell, int last);

/* Forget everything. 0, or -1 with an exception set. */
int wj_census_open(void);

#endif
