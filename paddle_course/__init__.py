"""Files become arrays, arrays become batches, batches become parameters and records, records become answers.

    readers -> batches -> models -> training -> answers

Importing this package costs milliseconds: it sets the thread variables that Paddle reads once, when it is imported,
and imports nothing else. Paddle itself arrives with the first name that needs it (`models.LeNet`, say).
"""

from paddle_course.runtime import prepare

__version__ = "0.1.0"

prepare()
