### The pages.
