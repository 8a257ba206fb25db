"""`python -m benchmarks.child MODULE FUNCTION JSON` -> one line of JSON: what that function of this package returns.

Nothing else is imported here: what is measured decides what its process imports, and when.
"""

import importlib
import json
import sys

if __name__ == "__main__":
    module, function, arguments = sys.argv[1:]
    print(json.dumps(getattr(importlib.import_module(f"benchmarks.{module}"), function)(**json.loads(arguments))))
