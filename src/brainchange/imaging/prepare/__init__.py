"""Raw BIDS images → a prepared run, as a derivative with fMRIPrep's names.

ITK reads the number of its threads once, when the first image is made, so it is set here, before
anything imports ANTs. One thread: sums over several threads differ in their last digits with the
number of threads and, for mutual information, from run to run. Participants and runs are prepared
side by side in processes of their own instead.
"""

import os

os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"
