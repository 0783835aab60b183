"""What a case says, and how it becomes inputs of an appraisal: packs, prices of exits, price years and lenses.

Everything that is wrong with a content is found and refused at once; finance takes no figure that contracts owns.
"""
